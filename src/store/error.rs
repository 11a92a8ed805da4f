//! What can go wrong in the store: one error for use cases, one for opening a database, one for
//! copying it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::model::resource::ResourceType;

/// Why a read or a change did not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// No live resource of this type has that id in the workspace.
    #[error("no such {}", <&str>::from(*.0))]
    NotFound(ResourceType),
    /// Another live customer of the workspace has the slug.
    #[error("the slug is taken")]
    SlugTaken,
    /// Another live contact of the customer has the address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// Nothing was stored, and the same may work later: a full disk, a locked file, a full queue.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The file is damaged; nothing is written to it any more.
    #[error("the database file is damaged: {0}; stop the server and restore a backup")]
    Damaged(String),
    /// A fault of the server itself.
    #[error("internal error of the store: {0}")]
    Internal(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let said = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) if said.contains("customers.slug") => {
                Self::SlugTaken
            }
            Some(ErrorCode::ConstraintViolation) if said.contains("contacts.email") => {
                Self::EmailTaken
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(said),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory,
            ) => Self::Unavailable(said),
            _ => Self::Internal(said),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Why a database could not be opened. Every message says what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants mean")]
pub enum OpenError {
    #[error("cannot use {path}: {source}; check that it exists and that this user may write to it")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("there is no database in {}; start `pivotal-server serve` once, or name another directory with --data-dir", .0.display())]
    Missing(PathBuf),
    #[error("{} is already used by a running server; stop that one first, or name another directory with --data-dir", .0.display())]
    InUse(PathBuf),
    #[error("{} is not a database of pivotal-server; it was left as it is: name another directory with --data-dir, or move the file away", .0.display())]
    Foreign(PathBuf),
    #[error(
        "{path} was written by a newer version (schema {found}, this binary knows up to {known}); it was left as it is: install that version"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{path} has to be upgraded from schema {found}, and a server is running on it; stop that server first", path = .path.display())]
    UpgradeInUse { path: PathBuf, found: i64 },
    #[error("{path} is damaged ({found}); it was left as it is: restore a backup")]
    Damaged { path: PathBuf, found: String },
    #[error("{} lies on a file system on which SQLite cannot keep its write-ahead log, such as a network share; put the data directory on a local disk", .0.display())]
    NoWal(PathBuf),
    #[error(
        "cannot read or write {path}: {source}; free space on its disk, or see whether the disk fails, and try again"
    )]
    Disk { path: PathBuf, source: rusqlite::Error },
    #[error("cannot open {path}: {source}")]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error("upgrading {path} from schema {from} failed and was undone: {source}; the copy from before is {copy}", path = .path.display(), copy = .copy.display())]
    Upgrade { path: PathBuf, from: i64, copy: PathBuf, source: rusqlite::Error },
}

impl OpenError {
    /// What SQLite said of the file at `path`.
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, found: source.to_string() }
            }
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => Self::Disk { path, source },
            _ => Self::Sqlite { path, source },
        }
    }
}

/// Why a backup was not made or restored. Nothing is left half done; every message says what to
/// do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants mean")]
pub enum CopyError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("cannot write {path}: {source}; nothing else was changed")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{} exists already; choose another name, or move that file away", .0.display())]
    Exists(PathBuf),
    #[error("{} is a directory; name a file in it", .0.display())]
    Directory(PathBuf),
    #[error("cannot read {path}: {source}; check the file's name and that this user may read it")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the copy does not pass its checks and was removed ({}); nothing else was changed: run `pivotal-server check` on what was copied", .found.join("; "))]
    Faulty { found: Vec<String> },
    #[error("cannot copy to {draft}: {source}; nothing else was changed")]
    Sqlite { draft: PathBuf, source: rusqlite::Error },
    #[error(
        "the database could not be read for another program's lock; try again when that has ended"
    )]
    Locked,
    #[error("the copy was ended before it was whole, and removed")]
    Stopped,
    #[error("{} holds a database already; pass --replace to put the backup in its place, which keeps the present one beside it", .0.display())]
    Occupied(PathBuf),
    #[error("{} is the database itself; name a backup of it", .0.display())]
    Same(PathBuf),
    #[error("{path} does not hold what the backup holds, although it was put there; the database from before is {aside}", aside = .aside.as_ref().map_or_else(|| "none".into(), |path| path.display().to_string()))]
    NotRestored { path: PathBuf, aside: Option<PathBuf> },
}

impl CopyError {
    /// What the system said of a file that was to be written.
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}
