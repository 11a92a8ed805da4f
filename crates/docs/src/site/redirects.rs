//! Redirects from URLs that people guess.

use std::collections::BTreeMap;

use super::page::Page;
use crate::urls;

/// Redirects `index` to the first page, and a directory without a page of its own to its first page.
pub fn all(pages: &[Page<'_>]) -> BTreeMap<String, String> {
    let mut redirects = BTreeMap::new();
    for url in [urls::page, urls::markdown] {
        redirects.insert(url("index"), url(""));
        for page in pages {
            let directory = page.path().rsplit_once('/').map(|(directory, _)| directory);
            let is_page = |path: &str| pages.iter().any(|page| page.path() == path);
            if let Some(directory) = directory.filter(|directory| !is_page(directory)) {
                redirects.entry(url(directory)).or_insert_with(|| url(page.path()));
            }
        }
    }
    redirects
}
