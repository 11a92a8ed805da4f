//! The search index: every heading with the text below it.

use serde::Serialize;

use super::page::Page;
use crate::address;

#[derive(Serialize)]
struct Entry<'a> {
    address: String,
    title: &'a str,
    section: &'a str,
    is_endpoint: bool,
    keywords: &'a [String],
    parts: Vec<Part<'a>>,
}

/// The first part of a page has no heading, since the title is part of the entry.
#[derive(Serialize)]
struct Part<'a> {
    id: &'a str,
    heading: &'a str,
    text: &'a str,
}

/// `/docs/search.json`.
pub fn index(pages: &[Page<'_>]) -> Result<String, serde_json::Error> {
    serde_json::to_string(&pages.iter().map(Entry::of).collect::<Vec<_>>())
}

impl<'a> Entry<'a> {
    fn of(page: &Page<'a>) -> Self {
        let outline = &page.source.text.outline;
        let first =
            outline.parts.first().map(|part| Part { id: "", heading: "", text: &part.text });
        let others = outline.headings().iter();
        let others =
            others.map(|part| Part { id: &part.id, heading: &part.heading, text: &part.text });
        Self {
            address: address::page(page.path()),
            title: page.title(),
            section: page.section,
            is_endpoint: page.source.operation.is_some(),
            keywords: &page.source.keywords,
            parts: first.into_iter().chain(others).collect(),
        }
    }
}
