//! Highlights code with the grammars of syntect and two-face. Each token gets a one-letter class, to
//! which `assets/docs/text.css` assigns a color.

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use crate::escape::escape;

/// Scope prefixes and their classes. The first match wins.
const CLASSES: [(&str, Option<&str>); 26] = [
    ("comment", Some("c")),
    ("meta.structure.dictionary.key", Some("p")),
    ("meta.mapping.key", Some("p")),
    ("meta.interpolation", None),
    ("string", Some("s")),
    ("constant.character", Some("s")),
    ("constant.numeric", Some("n")),
    ("constant.language", Some("n")),
    ("keyword.operator.word", Some("k")),
    ("keyword.operator", None),
    ("keyword.other.definition", Some("p")),
    ("keyword", Some("k")),
    ("storage", Some("k")),
    ("entity.name.function", Some("f")),
    ("variable.function", Some("f")),
    ("support.function", Some("f")),
    ("support.macro", Some("f")),
    ("entity.name.tag", Some("p")),
    ("entity.name", Some("t")),
    ("entity.other.attribute", Some("p")),
    ("support.type", Some("t")),
    ("support.class", Some("t")),
    ("variable.language", Some("k")),
    ("variable.parameter.option", Some("p")),
    ("variable.other.readwrite.shell", Some("v")),
    ("punctuation.definition.variable", Some("v")),
];

pub struct Highlighter {
    grammars: SyntaxSet,
    classes: Vec<(Scope, Option<&'static str>)>,
}

impl Highlighter {
    pub fn new() -> Result<Self, String> {
        let class = |(scope, class)| Scope::new(scope).map(|scope| (scope, class));
        let classes = CLASSES.into_iter().map(class).collect::<Result<_, _>>();
        let classes = classes.map_err(|error| format!("{error:?}"))?;
        Ok(Self { grammars: two_face::syntax::extra_newlines(), classes })
    }

    /// Highlights code as HTML. Fails if the language is unknown.
    pub fn html(&self, language: &str, code: &str) -> Result<String, String> {
        let Some(grammar) = self.grammar(language)? else {
            return Ok(escape(code));
        };
        let (mut state, mut stack) = (ParseState::new(grammar), ScopeStack::new());
        let mut spans = Spans::default();
        let failed =
            |error: &dyn std::fmt::Display| format!("the {language} grammar failed: {error}");
        for line in code.split_inclusive('\n') {
            let changes = state.parse_line(line, &self.grammars).map_err(|error| failed(&error))?;
            let mut from = 0;
            for (at, change) in changes {
                spans.push(&line[from..at], self.class(&stack));
                stack.apply(&change).map_err(|error| failed(&error))?;
                from = at;
            }
            spans.push(&line[from..], self.class(&stack));
        }
        Ok(spans.finish())
    }

    /// Returns `None` for languages that are shown without highlighting.
    fn grammar(&self, language: &str) -> Result<Option<&SyntaxReference>, String> {
        let name = match language {
            "bash" => "Bourne Again Shell (bash)",
            "typescript" => "TypeScript",
            "python" => "Python",
            "rust" => "Rust",
            "json" => "JSON",
            "toml" => "TOML",
            "yaml" => "YAML",
            "ini" => "INI",
            "nginx" => "nginx",
            "caddyfile" | "text" => return Ok(None),
            _ => return Err(format!("unknown language {language:?}")),
        };
        let grammar = self.grammars.find_syntax_by_name(name);
        grammar.map(Some).ok_or_else(|| format!("missing grammar {name:?}"))
    }

    /// Returns the class of a token in these scopes. The innermost scope is last.
    fn class(&self, stack: &ScopeStack) -> Option<&'static str> {
        let class = |scope: &Scope| {
            let matches = |(prefix, _): &&(Scope, _)| prefix.is_prefix_of(*scope);
            self.classes.iter().find(matches).map(|(_, class)| *class)
        };
        let own = stack.scopes.iter().rev().find_map(class).flatten();
        // The key of a JSON object also has the scope of a string.
        let is_key = || stack.scopes.iter().filter_map(class).any(|class| class == Some("p"));
        if own == Some("s") && is_key() { Some("p") } else { own }
    }
}

/// Builds the HTML, merging adjacent tokens of the same class.
#[derive(Default)]
struct Spans {
    html: String,
    open: Option<&'static str>,
}

impl Spans {
    fn push(&mut self, text: &str, class: Option<&'static str>) {
        if text.is_empty() {
            return;
        }
        // Whitespace looks the same in every class.
        if class != self.open && !text.trim().is_empty() {
            self.close();
            if let Some(class) = class {
                self.html += &format!("<span class=\"{class}\">");
            }
            self.open = class;
        }
        self.html += &escape(text);
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.html += "</span>";
        }
    }

    fn finish(mut self) -> String {
        self.close();
        self.html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(language: &str, code: &str) -> String {
        Highlighter::new().unwrap().html(language, code).unwrap()
    }

    #[test]
    fn tokens_get_the_class_of_their_scope() {
        let json = html("json", "{ \"name\": \"A <b>\", \"mrr\": 12 }\n");
        assert_eq!(
            json,
            "{ <span class=\"p\">&#34;name&#34;</span>: <span class=\"s\">&#34;A \
             &#60;b&#62;&#34;</span>, <span class=\"p\">&#34;mrr&#34;</span>: \
             <span class=\"n\">12 </span>}\n"
        );
        assert!(html("rust", "// why\n").contains("<span class=\"c\">// why"));
        assert!(html("python", "import httpx\n").starts_with("<span class=\"k\">import"));
        assert!(html("typescript", "const a = 1;\n").starts_with("<span class=\"k\">const"));
    }

    #[test]
    fn plain_text_is_escaped_and_unknown_languages_are_rejected() {
        assert_eq!(html("text", "a < b\n"), "a &#60; b\n");
        assert!(Highlighter::new().unwrap().html("perl", "").is_err());
    }
}
