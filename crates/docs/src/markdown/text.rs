//! A page's Markdown with its source file and its outline.

use super::outline::{self, Outline};
use crate::problem::Problems;

pub struct Text {
    /// The page's path below `/docs`.
    pub path: String,
    /// The file to correct if there is a problem.
    pub file: String,
    pub markdown: String,
    pub outline: Outline,
}

impl Text {
    pub fn parse(path: &str, file: String, markdown: String) -> Result<Self, Problems> {
        let outline = outline::parse(&markdown).map_err(|problem| Problems::new(&file, problem))?;
        Ok(Self { path: path.to_owned(), file, markdown, outline })
    }
}
