//! The files for language models (<https://llmstxt.org>): an index of all pages, an index of each
//! page, and the text of all pages.

use super::page::{Page, TocEntry};
use crate::urls::{self, ORIGIN};

const TITLE: &str = "Pivotal server";

/// Returns `/llms.txt`: all pages by section.
pub fn site_index(pages: &[Page<'_>]) -> String {
    let lead = pages.first().map_or("", Page::description);
    let mut text = format!(
        "# {TITLE}\n\n> {lead}\n\nThe links lead to the Markdown version of each page. Remove `.md` for the \
         HTML version, or replace it with `/llms.txt` for an index of the page. All pages in one \
         file: {ORIGIN}/llms-full.txt. OpenAPI document: {ORIGIN}/api/v1/openapi.json.\n"
    );
    for section in pages.chunk_by(|one, next| one.section == next.section) {
        text += &format!("\n## {}\n\n", section[0].section);
        text.extend(section.iter().map(entry));
    }
    text
}

/// Returns `/docs/<page>/llms.txt`: the headings of a page and the other pages of its section.
pub fn page_index(page: &Page<'_>, pages: &[Page<'_>]) -> String {
    let markdown = urls::markdown(page.path());
    let mut text = format!("# {}\n\n> {}\n", page.title(), page.description());
    text +=
        &format!("\nThis page as Markdown: {ORIGIN}{markdown}. All pages: {ORIGIN}/llms.txt.\n");
    let headings = page.headings();
    if !headings.is_empty() {
        text += "\n## On this page\n\n";
        for TocEntry { id, heading, .. } in headings {
            text += &format!("- [{heading}]({ORIGIN}{markdown}#{id})\n");
        }
    }
    let others = pages.iter().filter(|other| other.section == page.section);
    let others = others.filter(|other| other.path() != page.path());
    let others: String = others.map(entry).collect();
    if !others.is_empty() {
        text += &format!("\n## {}\n\n{others}", page.section);
    }
    text
}

/// Returns `/llms-full.txt`: the Markdown of all pages.
pub fn full_text(pages: &[Page<'_>]) -> String {
    let text = |page: &Page<'_>| {
        let (title, rest) = page.markdown.split_once('\n').unwrap_or((&page.markdown, ""));
        let source = urls::markdown(page.path());
        format!("{title}\n\nSource: {ORIGIN}{source}\n{}\n", rest.trim_end())
    };
    pages.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn entry(page: &Page<'_>) -> String {
    let (title, markdown) = (page.title(), urls::markdown(page.path()));
    format!("- [{title}]({ORIGIN}{markdown}): {}\n", page.description())
}
