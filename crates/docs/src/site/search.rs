//! The search index: every heading with the text below it. `assets/docs/search_engine.js` reads it.

use serde::Serialize;

use super::page::Page;
use crate::problem::Problems;
use crate::sources::{SEARCH_TERMS, SearchTerms};
use crate::urls;

#[derive(Serialize)]
struct Entry<'a> {
    url: String,
    title: &'a str,
    section: &'a str,
    is_endpoint: bool,
    parts: Vec<Part<'a>>,
}

/// The first part of a page has no heading, since the title is part of the entry.
#[derive(Serialize)]
struct Part<'a> {
    id: &'a str,
    heading: &'a str,
    /// The terms that `docs/search.toml` lists for this part.
    terms: Vec<String>,
    text: &'a str,
}

/// Returns the content of `/docs/search.json`. Terms for a missing page or section are a problem.
pub fn index(pages: &[Page<'_>], mut terms: SearchTerms) -> Result<String, Problems> {
    let entries: Vec<_> = pages.iter().map(|page| Entry::new(page, &mut terms)).collect();
    let mut problems = Problems::default();
    for name in terms.keys() {
        problems.add(SEARCH_TERMS, format!("there is no page or section {name:?}"));
    }
    problems.into_result(())?;
    serde_json::to_string(&entries).map_err(|error| Problems::new("/docs/search.json", error))
}

impl<'a> Entry<'a> {
    /// Takes the page's terms out of `terms`.
    fn new(page: &Page<'a>, terms: &mut SearchTerms) -> Self {
        let outline = &page.source.text.outline;
        let page_name = if page.path().is_empty() { "index" } else { page.path() };
        let mut take = |name: &str| terms.remove(name).unwrap_or_default();
        let first = outline.parts.first().map(|part| Part {
            id: "",
            heading: "",
            terms: take(page_name),
            text: &part.text,
        });
        let others = outline.headings().iter().map(|part| Part {
            id: &part.id,
            heading: &part.heading,
            terms: take(&format!("{page_name}#{}", part.id)),
            text: &part.text,
        });
        Self {
            url: urls::page(page.path()),
            title: page.title(),
            section: page.section,
            is_endpoint: page.source.operation.is_some(),
            parts: first.into_iter().chain(others).collect(),
        }
    }
}
