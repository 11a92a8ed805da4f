//! Errors of statements, for both engines.

use std::fmt::Display;

use super::value::ValueError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Sqlite(rusqlite::Error),
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// A query that must return a row returned none.
    #[error("the query returned no row")]
    NoRow,
    /// The value of a column is not what the code expects: it is damaged, or from a newer version.
    #[error("column {column}: {why}")]
    Column { column: String, why: String },
    /// A read has reached its limit.
    #[error("the query was interrupted")]
    Interrupted,
    #[error("this needs a database in SQLite")]
    NotSqlite,
    #[error(transparent)]
    Value(#[from] ValueError),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn column(column: impl Display, why: impl Display) -> Self {
        Self::Column { column: column.to_string(), why: why.to_string() }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NoRow,
            other => Self::Sqlite(other),
        }
    }
}

/// Turns a missing row into `None`.
pub trait OptionalExtension<T> {
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
