//! Collects the problems with the sources, so that one build reports them all.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// Problems, each with the file to correct.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    pub fn new(file: &str, problem: impl Display) -> Self {
        Self(vec![format!("{file}: {problem}")])
    }

    /// Returns the value of a result, or records its problems.
    pub fn record<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        result.map_err(|more| self.0.extend(more.0)).ok()
    }

    pub fn add(&mut self, file: &str, problem: impl Display) {
        self.0.push(format!("{file}: {problem}"));
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
