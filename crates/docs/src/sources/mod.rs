//! The list of pages and the Markdown of each.

mod changelog;
mod configuration;
mod contents;
mod search_terms;

pub use contents::{Section, Source, read_all};
pub use search_terms::{FILE as SEARCH_TERMS, SearchTerms, search_terms};
