//! The Markdown of a page.

use super::outline::{self, Outline};
use crate::problem::Problems;

/// The Markdown of a page.
pub struct Text {
    /// The page's path below `/docs`.
    pub path: String,
    /// Where the text is from, for whoever has to correct it.
    pub file: String,
    pub markdown: String,
    /// What it says.
    pub outline: Outline,
}

impl Text {
    /// Reads what a text says.
    pub fn parse(path: &str, file: String, markdown: String) -> Result<Self, Problems> {
        let outline =
            outline::outline(&markdown).map_err(|problem| Problems::of(&file, problem))?;
        Ok(Self { path: path.to_owned(), file, markdown, outline })
    }
}
