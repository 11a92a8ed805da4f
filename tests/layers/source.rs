//! Extracts the paths that a Rust file mentions. Test modules, comments, and strings are skipped.
//! Macros are read as written, not expanded.

/// The path of a module from the root of its crate.
pub type Module = Vec<String>;

/// A mention of a path in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Mention {
    /// The enclosing module, from the root of the file.
    pub scope: Module,
    pub line: usize,
    pub path: Vec<String>,
    pub kind: MentionKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MentionKind {
    /// A path in an expression or a type.
    Used,
    /// A `use` that imports under this name.
    Imported(String),
    /// A glob import.
    GlobImported,
}

/// What a file declares and mentions.
#[derive(Debug, Default)]
pub struct Source {
    pub mentions: Vec<Mention>,
    /// The inline modules of the file, from its root.
    pub modules: Vec<Module>,
    /// The items that each module of the file declares.
    pub items: Vec<(Module, String)>,
    /// The test modules in files of their own.
    pub tests: Vec<Module>,
}

#[derive(Clone, Debug)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

const ITEM_KEYWORDS: [&str; 9] =
    ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];

impl Source {
    pub fn read(text: &str) -> Self {
        let mut reader =
            Reader { tokens: tokens(text), at: 0, source: Self::default(), blocks: Vec::new() };
        reader.read();
        reader.source
    }
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    source: Source,
    /// The open blocks. Those that are modules have a name.
    blocks: Vec<Option<String>>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while self.at < self.tokens.len() {
            let next = self.text(1);
            match self.text(0) {
                "#" => self.attribute(),
                "pub" if next == "(" => self.at = self.end_of_group(self.at + 1),
                "use" => self.import(),
                "mod" if self.text(2) == "{" => {
                    let name = next.to_owned();
                    self.source.modules.push(self.below(&name));
                    self.blocks.push(Some(name));
                    self.at += 3;
                }
                "{" => self.step(|blocks| blocks.push(None)),
                "}" => self.step(|blocks| drop(blocks.pop())),
                word if ITEM_KEYWORDS.contains(&word) => {
                    let name = if next == "!" { self.text(2) } else { next };
                    self.source.items.push((self.scope(), name.to_owned()));
                    self.at += 1;
                }
                word if is_name(word) && next == "::" => self.mention(),
                _ => self.at += 1,
            }
        }
    }

    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text)
    }

    fn step(&mut self, change: impl FnOnce(&mut Vec<Option<String>>)) {
        change(&mut self.blocks);
        self.at += 1;
    }

    fn scope(&self) -> Module {
        self.blocks.iter().flatten().cloned().collect()
    }

    fn below(&self, name: &str) -> Module {
        let mut module = self.scope();
        module.push(name.to_owned());
        module
    }

    /// Returns the position after the bracketed group that opens at `from`.
    fn end_of_group(&self, from: usize) -> usize {
        let mut depth = 0;
        for (place, token) in self.tokens.iter().enumerate().skip(from) {
            match token.text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return place + 1;
            }
        }
        self.tokens.len()
    }

    /// Skips an attribute. Also skips the item it belongs to if the attribute is `cfg(test)`.
    fn attribute(&mut self) {
        let opens = self.at + if self.text(1) == "!" { 2 } else { 1 };
        let end = self.end_of_group(opens);
        let words: Vec<_> = self.tokens[opens..end].iter().map(|token| token.text).collect();
        self.at = end;
        if words != ["[", "cfg", "(", "test", ")", "]"] {
            return;
        }
        if self.text(0) == "mod" && self.text(2) == ";" {
            let module = self.below(self.text(1));
            self.source.tests.push(module);
        }
        while self.at < self.tokens.len() {
            let ends = matches!(self.text(0), ";" | "{");
            self.at = match self.text(0) {
                "(" | "[" | "{" => self.end_of_group(self.at),
                _ => self.at + 1,
            };
            if ends {
                break;
            }
        }
    }

    fn import(&mut self) {
        self.at += 1;
        self.tree(&[]);
    }

    /// Reads a `use` tree, up to the comma or bracket after it.
    fn tree(&mut self, start: &[String]) {
        let mut path = start.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        loop {
            match self.text(0) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | "") {
                        self.tree(&path);
                        if self.text(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    self.at += 1;
                    return self.add_mention(line, path, MentionKind::GlobImported);
                }
                "self" if !path.is_empty() => self.at += 1,
                "as" => {
                    let name = self.text(1).to_owned();
                    self.at += 2;
                    return self.add_mention(line, path, MentionKind::Imported(name));
                }
                word if is_name(word) => {
                    path.push(word.to_owned());
                    self.at += 1;
                }
                _ => {
                    let name = path.last().cloned().unwrap_or_default();
                    return self.add_mention(line, path, MentionKind::Imported(name));
                }
            }
        }
    }

    fn add_mention(&mut self, line: usize, path: Vec<String>, kind: MentionKind) {
        let scope = self.scope();
        self.source.mentions.push(Mention { scope, line, path, kind });
    }

    /// Reads a path in an expression or a type.
    fn mention(&mut self) {
        let line = self.tokens[self.at].line;
        let mut path = vec![self.text(0).to_owned()];
        self.at += 1;
        while self.text(0) == "::" && is_name(self.text(1)) {
            path.push(self.text(1).to_owned());
            self.at += 2;
        }
        if self.text(0) == "::" {
            self.at += 1;
        }
        self.add_mention(line, path, MentionKind::Used);
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Splits the source into names, `::`, and single characters.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let in_name = |c: char| c.is_alphanumeric() || c == '_';
        let (length, counts) = match first {
            _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            _ if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |at| at + 2), false),
            _ if raw_string(rest).is_some() => (raw_string(rest).unwrap_or(1), false),
            '"' => (quoted(rest), false),
            '\'' => (character(rest).unwrap_or(1), false),
            _ if rest.starts_with("::") => (2, true),
            _ if in_name(first) => (rest.find(|c| !in_name(c)).unwrap_or(rest.len()), true),
            _ => (first.len_utf8(), !first.is_whitespace()),
        };
        let (text, after) = rest.split_at(length);
        if counts {
            found.push(Token { line, text });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    found
}

/// The length of a quoted string.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the raw string that the text begins with, if any.
fn raw_string(text: &str) -> Option<usize> {
    let opening = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = opening.len() - opening.trim_start_matches('#').len();
    let body = opening[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = text.len() - body.len();
    Some(body.find(&end).map_or(text.len(), |at| start + at + end.len()))
}

/// The length of a character literal, or `None` for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    if chars.next()?.1 == '\\' {
        chars.next();
        return chars.find(|(_, c)| *c == '\'').map(|(place, _)| place + 1);
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(place, _)| place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Source::read(text).mentions.iter().map(|mention| mention.path.join("::")).collect()
    }

    #[test]
    fn use_trees_are_flattened_to_paths() {
        assert_eq!(
            paths("use crate::a::{self, b::{C, D as E}, f::*};\npub(in crate::x) use self::g;"),
            ["crate::a", "crate::a::b::C", "crate::a::b::D", "crate::a::f", "self::g"]
        );
        let source = Source::read("pub use self::a::B as C;");
        assert_eq!(source.mentions[0].kind, MentionKind::Imported("C".to_owned()));
    }

    #[test]
    fn comments_strings_and_tests_are_skipped() {
        let text = r##"
            // crate::comment::A
            fn f<'a>(x: &'a crate::b::C) { let _ = ("crate::d::E", r#"crate::d"::F"#, ':'); g::h() }
            #[cfg(test)]
            mod fixture;
            #[cfg(test)]
            mod tests { use super::i; }
            mod inner { fn k() { super::j(); } }
        "##;
        assert_eq!(paths(text), ["crate::b::C", "g::h", "super::j"]);
        let source = Source::read(text);
        assert_eq!(source.mentions[0].line, 3);
        assert_eq!(source.mentions[2].scope, ["inner"]);
        assert_eq!(source.tests, [["fixture"]]);
    }
}
