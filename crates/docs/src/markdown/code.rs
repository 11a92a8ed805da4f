//! Code blocks: the meaning of their info string, and their HTML. Consecutive blocks with a `tab`
//! form a group, of which a page with scripts shows one at a time.

use super::highlight::Highlighter;
use crate::escape::escape;

/// A fenced block.
#[derive(Debug)]
pub struct CodeBlock {
    pub language: String,
    /// The name of its tab, if it is one of a group.
    pub tab: Option<String>,
    /// Whether it names a schema to check it against: then it is not the output of another block.
    has_schema: bool,
    code: String,
}

impl CodeBlock {
    /// Parses an info string such as `bash tab=cURL`. Some words are only for `tests/reference`,
    /// which runs the blocks: `root` and `after` say how, `schema` what a block is checked against.
    pub fn new(info: &str, code: String) -> Result<Self, String> {
        let mut words = info.split_whitespace();
        let language = words.next().ok_or("a block of code names no language")?.to_owned();
        let (mut tab, mut is_checked) = (None, false);
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("tab", name) => tab = Some(name.to_owned()),
                ("schema", _) => is_checked = true,
                ("root", "") | ("after", _) => {}
                _ => return Err(format!("a block of code is marked {word:?}")),
            }
        }
        Ok(Self { language, tab, has_schema: is_checked, code })
    }

    /// Whether it shows the output of the block before it.
    fn is_output_of(&self, before: &Self) -> bool {
        let is_program =
            ["bash", "typescript", "python", "rust"].contains(&before.language.as_str());
        is_program && !self.has_schema && ["json", "text"].contains(&self.language.as_str())
    }
}

/// Renders consecutive blocks.
pub fn html(blocks: &[CodeBlock], highlighter: &Highlighter) -> Result<String, String> {
    let mut html = String::new();
    let mut rest = blocks;
    let mut before: Option<&CodeBlock> = None;
    while let [first, others @ ..] = rest {
        if first.tab.is_some() {
            let tabs = rest.iter().take_while(|block| block.tab.is_some()).count();
            html += "<div class=\"tabs\">\n";
            for block in &rest[..tabs] {
                let name = escape(block.tab.as_deref().unwrap_or_default());
                html += "<div class=\"tab\">\n";
                html += &format!("<p class=\"tab-name\">{name}</p>\n");
                html += &block_html(block, false, highlighter)?;
                html += "</div>\n";
            }
            html += "</div>\n";
            (rest, before) = (&rest[tabs..], None);
        } else {
            let is_output = before.is_some_and(|before| first.is_output_of(before));
            html += &block_html(first, is_output, highlighter)?;
            (rest, before) = (others, Some(first));
        }
    }
    Ok(html)
}

fn block_html(
    block: &CodeBlock,
    is_output: bool,
    highlighter: &Highlighter,
) -> Result<String, String> {
    let code = highlighter.html(&block.language, &block.code)?;
    let language = &block.language;
    let name = match (is_output, language.as_str()) {
        (false, _) => "",
        (true, "json") => "<p class=\"code-name\">Response</p>",
        (true, _) => "<p class=\"code-name\">Output</p>",
    };
    let class = if is_output { " output" } else { "" };
    Ok(format!("<div class=\"code{class}\">{name}<pre><code>{code}</code></pre></div>\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(infos: &[&str]) -> Vec<CodeBlock> {
        infos.iter().map(|info| CodeBlock::new(info, "x\n".to_owned()).unwrap()).collect()
    }

    /// The classes of the rendered elements, in order.
    fn rendered_classes(infos: &[&str]) -> Vec<String> {
        let html = html(&blocks(infos), &Highlighter::new().unwrap()).unwrap();
        let classes = html.split("class=\"").skip(1).map(|part| part.split('"').next().unwrap());
        // Classes of one letter are those of the highlighter.
        classes.filter(|class| class.len() > 1).map(str::to_owned).collect()
    }

    #[test]
    fn blocks_with_tabs_are_one_group() {
        let infos = ["text tab=One", "text tab=Two", "text"];
        assert_eq!(
            rendered_classes(&infos),
            ["tabs", "tab", "tab-name", "code", "tab", "tab-name", "code", "code"]
        );
    }

    #[test]
    fn what_follows_a_command_is_its_output() {
        assert_eq!(rendered_classes(&["rust", "text"]), ["code", "code output", "code-name"]);
        assert_eq!(rendered_classes(&["bash root", "json schema=Error"]), ["code", "code"]);
        assert_eq!(rendered_classes(&["text", "json"]), ["code", "code"]);
    }

    #[test]
    fn a_block_says_what_it_is_in_known_words() {
        for odd in ["", "bash sudo", "bash root=1"] {
            assert!(CodeBlock::new(odd, String::new()).is_err(), "{odd}");
        }
    }
}
