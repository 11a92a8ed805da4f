//! The files for language models, in the form of <https://llmstxt.org>: an index of all pages, an
//! index of one page, and all pages in one text.

use super::address::{self, ORIGIN};
use super::site::Page;
use super::template::Place;

const TITLE: &str = "Pivotal server";

/// `/llms.txt`: every page by its section.
pub fn all(sections: &[(&str, Vec<&Page<'_>>)]) -> String {
    let lead = sections.iter().flat_map(|(_, pages)| pages).next();
    let lead = lead.map_or("", |page| &page.outline.description);
    let mut text = format!(
        "# {TITLE}\n\n> {lead}\n\nThe links lead to the pages as Markdown. An address without `.md` is \
         the page for people, and with `/llms.txt` behind it the index of that page. Every page in \
         one file: {ORIGIN}/llms-full.txt. The OpenAPI document: {ORIGIN}/api/v1/openapi.json.\n"
    );
    for (title, pages) in sections {
        text += &format!("\n## {title}\n\n");
        for page in pages {
            text += &line(page);
        }
    }
    text
}

/// `/docs/<page>/llms.txt`: what the page says where, and what stands beside it.
pub fn one(page: &Page<'_>, section: (&str, &[&Page<'_>])) -> String {
    let twin = address::twin(&page.path);
    let mut text = format!("# {}\n\n> {}\n", page.outline.title(), page.outline.description);
    text += &format!("\nThe page as Markdown: {ORIGIN}{twin}. Every page: {ORIGIN}/llms.txt.\n");
    if !page.contents().is_empty() {
        text += "\n## On this page\n\n";
        for Place { id, heading, .. } in page.contents() {
            text += &format!("- [{heading}]({ORIGIN}{twin}#{id})\n");
        }
    }
    let (title, pages) = section;
    let others = pages.iter().filter(|other| other.path != page.path);
    let others: String = others.map(|page| line(page)).collect();
    if !others.is_empty() {
        text += &format!("\n## {title}\n\n{others}");
    }
    text
}

/// `/llms-full.txt`: the Markdown of all pages.
pub fn full(pages: &[&Page<'_>]) -> String {
    let mut text = String::new();
    for page in pages {
        let source = format!("{ORIGIN}{}", address::twin(&page.path));
        let (title, rest) = page.twin.split_once('\n').unwrap_or((&page.twin, ""));
        text += &format!("{title}\n\nSource: {source}\n{}\n\n", rest.trim_end());
    }
    text.truncate(text.trim_end().len() + 1);
    text
}

fn line(page: &Page<'_>) -> String {
    let Page { path, outline, .. } = page;
    format!("- [{}]({ORIGIN}{}): {}\n", outline.title(), address::twin(path), outline.description)
}
