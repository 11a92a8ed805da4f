//! Redirects from addresses that people guess.

use std::collections::BTreeMap;

use super::page::Page;
use crate::urls;

/// Redirects `index` to the first page, and a directory without a page to the first page in it.
pub fn all(pages: &[Page<'_>]) -> BTreeMap<String, String> {
    let mut moved = BTreeMap::new();
    for of in [urls::page, urls::markdown] {
        moved.insert(of("index"), of(""));
        for page in pages {
            let directory = page.path().rsplit_once('/').map(|(directory, _)| directory);
            let is_page = |path: &str| pages.iter().any(|page| page.path() == path);
            if let Some(directory) = directory.filter(|directory| !is_page(directory)) {
                moved.entry(of(directory)).or_insert_with(|| of(page.path()));
            }
        }
    }
    moved
}
