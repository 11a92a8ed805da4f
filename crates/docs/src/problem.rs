//! What is wrong with the sources: every problem with its file, all of them at once.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// At least one problem.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// One problem of a file.
    pub fn of(file: &str, what: impl Display) -> Self {
        Self(vec![format!("{file}: {what}")])
    }

    /// Takes the problems of a result, and gives its value when there are none.
    pub fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        result.map_err(|more| self.0.extend(more.0)).ok()
    }

    /// Adds a problem of a file.
    pub fn add(&mut self, file: &str, what: impl Display) {
        self.0.push(format!("{file}: {what}"));
    }

    /// The value when nothing is wrong.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl Error for Problems {}

impl Display for Problems {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}
