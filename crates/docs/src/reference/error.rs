//! Errors in the OpenAPI document.

/// Why the reference can't be generated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Document(String),
    #[error(transparent)]
    Template(#[from] askama::Error),
    /// An error with the name of what it is about.
    #[error("{0}: {1}")]
    Context(String, #[source] Box<Self>),
}

impl Error {
    pub fn new(reason: impl Into<String>) -> Self {
        Self::Document(reason.into())
    }

    /// Adds the name of what the error is about.
    pub fn context(self, subject: &str) -> Self {
        Self::Context(subject.to_owned(), Box::new(self))
    }
}
