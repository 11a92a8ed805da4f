//! Reads `docs/search.toml`, which lists what people type and the page or section to find.

use std::collections::BTreeMap;
use std::path::Path;

use crate::problem::Problems;
use crate::read::read;

pub const FILE: &str = "docs/search.toml";

/// Search terms by page, or by section (`page#anchor`). The first page is `index`.
pub type SearchTerms = BTreeMap<String, Vec<String>>;

pub fn search_terms(root: &Path) -> Result<SearchTerms, Problems> {
    toml::from_str(&read(root, FILE)?).map_err(|error| Problems::new(FILE, error))
}
