//! The list of pages and the Markdown of each.

mod changelog;
mod configuration;
mod contents;

pub use contents::{Section, Source, read_all};
