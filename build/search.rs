//! What the search looks through: every heading with the words below it.

use serde::Serialize;

use super::address;
use super::site::Page;

#[derive(Serialize)]
struct Entry<'a> {
    address: String,
    title: &'a str,
    section: &'a str,
    parts: Vec<Part<'a>>,
}

/// The first one of a page has no heading of its own.
#[derive(Serialize)]
struct Part<'a> {
    id: &'a str,
    heading: &'a str,
    text: &'a str,
}

/// `/docs/search.json`.
pub fn index(pages: &[&Page<'_>]) -> Result<String, serde_json::Error> {
    let entries: Vec<Entry<'_>> = pages.iter().map(|page| entry(page)).collect();
    serde_json::to_string(&entries)
}

fn entry<'a>(page: &'a Page<'_>) -> Entry<'a> {
    let parts = page.outline.parts.iter().enumerate().map(|(n, part)| Part {
        id: if n == 0 { "" } else { &part.id },
        heading: if n == 0 { "" } else { &part.heading },
        text: part.text.trim(),
    });
    Entry {
        address: address::page(&page.path),
        title: page.outline.title(),
        section: &page.section,
        parts: parts.collect(),
    }
}
