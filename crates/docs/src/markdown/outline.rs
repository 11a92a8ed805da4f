//! The outline of a page, which other pages need: its title, its description and its headings.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::parser::parser;

/// A page's structure.
#[derive(Debug)]
pub struct Outline {
    /// The first paragraph.
    pub description: String,
    /// The first part has the page's title as its heading.
    pub parts: Vec<Part>,
}

/// A heading and the text below it.
#[derive(Debug, Default)]
pub struct Part {
    pub level: usize,
    /// The anchor of the heading.
    pub id: String,
    pub heading: String,
    /// The text up to the next heading, without code blocks.
    pub text: String,
}

impl Outline {
    pub fn title(&self) -> &str {
        self.parts.first().map_or("", |part| &part.heading)
    }

    /// Every part except that of the title.
    pub fn headings(&self) -> &[Part] {
        self.parts.get(1..).unwrap_or_default()
    }
}

/// Parses a page.
pub fn parse(markdown: &str) -> Result<Outline, String> {
    let mut parts: Vec<Part> = Vec::new();
    let mut description = None;
    let mut ids = BTreeMap::new();
    let (mut in_heading, mut in_code) = (false, false);
    for event in parser(markdown) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                in_heading = true;
                parts.push(Part { level: level as usize, ..Part::default() });
                continue;
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            _ => {}
        }
        let part = parts.last_mut().ok_or("does not begin with a heading")?;
        match event {
            Event::End(TagEnd::Heading(_)) => {
                in_heading = false;
                part.id = anchor(&part.heading, &mut ids);
            }
            Event::End(TagEnd::Paragraph) if description.is_none() => {
                description = Some(part.text.trim().to_owned());
                part.text.push(' ');
            }
            Event::Text(text) | Event::Code(text) if !in_code => {
                if in_heading { &mut part.heading } else { &mut part.text }.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => part.text.push(' '),
            Event::End(end) if is_block(end) && !part.text.ends_with(' ') => part.text.push(' '),
            _ => {}
        }
    }
    let has_one_title =
        parts.iter().map(|part| part.level == 1).eq((0..parts.len()).map(|n| n == 0));
    if !has_one_title {
        return Err("has more than one heading of the first level, or another one first".to_owned());
    }
    let description = description.ok_or("has no paragraph")?;
    Ok(Outline { description, parts })
}

fn is_block(end: TagEnd) -> bool {
    !matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link)
}

/// The anchor of a heading, by the rules of code hosts.
fn anchor(heading: &str, known: &mut BTreeMap<String, usize>) -> String {
    let lower = heading.to_lowercase();
    let letters = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let id: String = letters.map(|c| if c == ' ' { '-' } else { c }).collect();
    let count = known.entry(id.clone()).or_default();
    *count += 1;
    if *count == 1 { id } else { format!("{id}-{}", *count - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_the_title_the_description_and_what_stands_below_each_heading() {
        let text =
            "# A `b`\n\nWhat *it*\nis.\n\n- one\n- two\n\n## Part\n\nMore.\n\n```text\nx\n```\n";
        let outline = parse(text).unwrap();
        assert_eq!((outline.title(), outline.description.as_str()), ("A b", "What it is."));
        let parts: Vec<_> = outline.parts.iter().map(|part| part.text.trim()).collect();
        assert_eq!(parts, ["What it is. one two", "More."]);
        assert_eq!((outline.headings()[0].level, outline.headings()[0].id.as_str()), (2, "part"));
    }

    #[test]
    fn headings_have_the_anchors_of_code_hosts() {
        let text = "# T\n\nx\n\n## `rate_limits.one`, Two & Three!\n\n## Added\n\n## Added\n";
        let ids: Vec<_> = parse(text).unwrap().parts.into_iter().map(|part| part.id).collect();
        assert_eq!(ids, ["t", "rate_limitsone-two--three", "added", "added-1"]);
    }

    #[test]
    fn a_page_begins_with_its_one_title_and_has_a_description() {
        for odd in ["x\n", "## T\n\nx\n", "# T\n\nx\n\n# U\n", "# T\n\n## U\n"] {
            assert!(parse(odd).is_err(), "{odd:?}");
        }
    }
}
