//! The outline of a page: its title, its description, and its headings. Links and navigation need
//! the outlines of all pages.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::parser::parser;

#[derive(Debug)]
pub struct Outline {
    /// The first paragraph.
    pub description: String,
    /// The heading of the first part is the page's title.
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

    /// All parts except the first.
    pub fn headings(&self) -> &[Part] {
        self.parts.get(1..).unwrap_or_default()
    }
}

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
        let part = parts.last_mut().ok_or("must begin with a heading")?;
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
        return Err("must begin with its only first-level heading".to_owned());
    }
    let description = description.ok_or("must contain a paragraph, which is its description")?;
    Ok(Outline { description, parts })
}

fn is_block(end: TagEnd) -> bool {
    !matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link)
}

/// Returns the anchor that code hosts give a heading.
fn anchor(heading: &str, counts: &mut BTreeMap<String, usize>) -> String {
    let lower = heading.to_lowercase();
    let letters = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let id: String = letters.map(|c| if c == ' ' { '-' } else { c }).collect();
    let count = counts.entry(id.clone()).or_default();
    *count += 1;
    if *count == 1 { id } else { format!("{id}-{}", *count - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_the_title_the_description_and_the_text_of_each_part() {
        let text =
            "# A `b`\n\nWhat *it*\nis.\n\n- one\n- two\n\n## Part\n\nMore.\n\n```text\nx\n```\n";
        let outline = parse(text).unwrap();
        assert_eq!((outline.title(), outline.description.as_str()), ("A b", "What it is."));
        let parts: Vec<_> = outline.parts.iter().map(|part| part.text.trim()).collect();
        assert_eq!(parts, ["What it is. one two", "More."]);
        assert_eq!((outline.headings()[0].level, outline.headings()[0].id.as_str()), (2, "part"));
    }

    #[test]
    fn headings_get_the_anchors_of_code_hosts() {
        let text = "# T\n\nx\n\n## `rate_limits.one`, Two & Three!\n\n## Added\n\n## Added\n";
        let ids: Vec<_> = parse(text).unwrap().parts.into_iter().map(|part| part.id).collect();
        assert_eq!(ids, ["t", "rate_limitsone-two--three", "added", "added-1"]);
    }

    #[test]
    fn a_page_without_one_title_or_without_a_description_is_rejected() {
        for page in ["x\n", "## T\n\nx\n", "# T\n\nx\n\n# U\n", "# T\n\n## U\n"] {
            assert!(parse(page).is_err(), "{page:?}");
        }
    }
}
