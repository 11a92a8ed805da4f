//! Parses and renders fenced code blocks. Consecutive blocks with a `tab` form a group; the page
//! shows one of them at a time.

use super::highlight::Highlighter;
use crate::escape::escape;

#[derive(Debug)]
pub struct CodeBlock {
    pub language: String,
    /// The label of its tab, if it belongs to a group.
    pub tab: Option<String>,
    /// Whether tests check it on its own. Such a block is never shown as the output of another.
    is_checked: bool,
    code: String,
}

impl CodeBlock {
    /// Parses an info string such as `bash tab=cURL`. The words `root`, `on`, `background`, `after`,
    /// `below`, `check`, `schema`, and `file` are for `tests/reference`, which runs the blocks,
    /// checks them, or writes them to a file.
    pub fn new(info: &str, code: String) -> Result<Self, String> {
        let mut words = info.split_whitespace();
        let language = words.next().ok_or("a code block has no language")?.to_owned();
        let (mut tab, mut is_checked) = (None, false);
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("tab", name) => tab = Some(name.to_owned()),
                ("schema" | "file", _) => is_checked = true,
                ("root" | "background", "") | ("on" | "after" | "below" | "check", _) => {}
                _ => return Err(format!("a code block has the unknown attribute {word:?}")),
            }
        }
        Ok(Self { language, tab, is_checked, code })
    }

    fn is_output_of(&self, previous: &Self) -> bool {
        let is_program =
            ["bash", "typescript", "python", "rust"].contains(&previous.language.as_str());
        is_program && !self.is_checked && ["json", "text"].contains(&self.language.as_str())
    }
}

/// Renders consecutive code blocks.
pub fn html(blocks: &[CodeBlock], highlighter: &Highlighter) -> Result<String, String> {
    let mut html = String::new();
    let mut rest = blocks;
    let mut previous: Option<&CodeBlock> = None;
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
            (rest, previous) = (&rest[tabs..], None);
        } else {
            let is_output = previous.is_some_and(|previous| first.is_output_of(previous));
            html += &block_html(first, is_output, highlighter)?;
            (rest, previous) = (others, Some(first));
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

    /// The classes in the rendered HTML, in order.
    fn rendered_classes(infos: &[&str]) -> Vec<String> {
        let html = html(&blocks(infos), &Highlighter::new().unwrap()).unwrap();
        let classes = html.split("class=\"").skip(1).map(|part| part.split('"').next().unwrap());
        // The highlighter's classes have one letter.
        classes.filter(|class| class.len() > 1).map(str::to_owned).collect()
    }

    #[test]
    fn consecutive_blocks_with_tabs_form_one_group() {
        let infos = ["text tab=One", "text tab=Two", "text"];
        assert_eq!(
            rendered_classes(&infos),
            ["tabs", "tab", "tab-name", "code", "tab", "tab-name", "code", "code"]
        );
    }

    #[test]
    fn text_or_json_after_a_program_is_its_output() {
        assert_eq!(rendered_classes(&["rust", "text"]), ["code", "code output", "code-name"]);
        assert_eq!(rendered_classes(&["bash root", "json schema=Error"]), ["code", "code"]);
        assert_eq!(rendered_classes(&["text", "json"]), ["code", "code"]);
    }

    #[test]
    fn an_unknown_attribute_or_a_missing_language_is_a_problem() {
        for info in ["", "bash sudo", "bash root=1"] {
            assert!(CodeBlock::new(info, String::new()).is_err(), "{info}");
        }
    }
}
