//! The sources of the site: the list of pages, the Markdown of each, and the search terms.

mod changelog;
mod configuration;
mod search_terms;
mod site_config;

pub use search_terms::{FILE as SEARCH_TERMS, SearchTerms, search_terms};
pub use site_config::{Section, Source, read_all};
