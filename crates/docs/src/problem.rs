//! Problems with the sources, each with its file. They are collected so that one build reports all.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// At least one problem.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// One problem in a file.
    pub fn new(file: &str, what: impl Display) -> Self {
        Self(vec![format!("{file}: {what}")])
    }

    /// Collects the problems of a result, or returns its value.
    pub fn record<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        result.map_err(|more| self.0.extend(more.0)).ok()
    }

    /// Adds a problem in a file.
    pub fn add(&mut self, file: &str, what: impl Display) {
        self.0.push(format!("{file}: {what}"));
    }

    /// Returns the value if there are no problems.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl Error for Problems {}

impl Display for Problems {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}
