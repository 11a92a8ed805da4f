//! What the pages are made from.

mod changelog;
mod configuration;
mod contents;

pub use contents::{Section, Source, read_all};
