//! The list of pages and the Markdown of each.

mod changelog;
mod configuration;
mod search_terms;
mod site_config;

pub use search_terms::{FILE as SEARCH_TERMS, SearchTerms, search_terms};
pub use site_config::{Section, Source, read_all};
