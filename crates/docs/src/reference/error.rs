//! Why no pages can be made from a document.

/// Why no pages can be made from a document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Document(String),
    #[error(transparent)]
    Template(#[from] askama::Error),
    /// The same, with what it is about.
    #[error("{0}: {1}")]
    Context(String, #[source] Box<Self>),
}

impl Error {
    pub fn new(reason: impl Into<String>) -> Self {
        Self::Document(reason.into())
    }

    /// The same, with what it is about.
    pub fn context(self, what: &str) -> Self {
        Self::Context(what.to_owned(), Box::new(self))
    }
}
