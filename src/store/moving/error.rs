//! Why a database could not be moved.

use std::path::PathBuf;

use crate::store::error::{CopyError, OpenError, StoreError};

/// Why a database could not be moved. Nothing was changed, neither in the database to move nor in
/// the new one. Every message also says what to do.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Copy(CopyError),
    #[error("both databases are {0}; name the new one with --to, or the old one with --from")]
    SamePlace(String),
    #[error(
        "{} already contains a database, and nothing was moved; name another directory with --to, or move that file away", .0.display()
    )]
    OccupiedDir(PathBuf),
    #[error(
        "{place} is not empty: it has rows in the table `{table}`, and nothing was moved; name a new database with --to, such as one that `createdb` has just created"
    )]
    Occupied { place: String, table: String },
    #[error(
        "can't copy the table `{table}`: {source}; nothing was moved: if the disk of the new database is full, free space, and run the command again"
    )]
    Table { table: String, source: StoreError },
    #[error(
        "the copy of {what} differs from the original, so it was discarded, and nothing was moved; run the command again, and report this problem if it happens twice"
    )]
    Different { what: String },
    #[error("the move was stopped")]
    Stopped,
}

impl From<CopyError> for MoveError {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Open(error) => Self::Open(error),
            CopyError::Store(error) => Self::Store(error),
            CopyError::Stopped => Self::Stopped,
            other => Self::Copy(other),
        }
    }
}
