//! The errors of the store: [`StoreError`] for reads and changes, [`OpenError`] for opening a
//! database, [`CopyError`] for copying one, and [`CopyWarning`] for failures after a copy is
//! complete.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::engine;
#[cfg(feature = "postgres")]
use super::engine::postgres::failure::{self, Failure};
use super::files::lock_holders::LockHolder;
use super::files::{Evidence, Owner};
use crate::model::plain_words::io_reason;
use crate::model::resource::ResourceType;
use crate::model::webhook::endpoint::MAX_ENDPOINTS;

/// Why a read or a change failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The workspace has no live resource of this type with that ID.
    #[error("no such {}", <&str>::from(*.0))]
    NotFound(ResourceType),
    /// Another live customer in the workspace has the slug.
    #[error("the slug is already in use")]
    SlugTaken,
    /// Another live contact of the customer has the email address.
    #[error("the email address is already in use")]
    EmailTaken,
    /// No event in the workspace's feed has that ID. It may have been purged.
    #[error("no such event")]
    UnknownEvent,
    /// The workspace has as many webhook endpoints as it can have.
    #[error("the workspace already has {MAX_ENDPOINTS} webhook endpoints; delete one first")]
    TooManyEndpoints,
    /// A disabled endpoint is sent nothing.
    #[error("the webhook endpoint is disabled; enable it first")]
    EndpointDisabled,
    /// Nothing was stored, and the same request may succeed later: the disk is full, the file is
    /// locked, or the queue is full.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database did not say whether the change was stored. Nothing but reading it, or repeating
    /// a change that is stored only once, can tell.
    #[error("the database did not confirm the change, which may have been stored: {0}")]
    OutcomeUnknown(String),
    /// The file may be damaged. Writes are refused until it has been checked.
    #[error(
        "the database file may be damaged: {0}; writes are refused until a full check has finished"
    )]
    SuspectedDamage(String),
    /// The file is damaged. Writes are refused from now on.
    #[error("the database file is damaged: {0}; stop the server and restore a backup")]
    Damaged(String),
    /// The database file, or a file that SQLite keeps next to it, was moved, deleted, or replaced
    /// while it was open.
    #[error("{} was moved, deleted, or replaced while the database was open, so writes are refused; stop the server, put the file back, and start the server again", .0.display())]
    Gone(PathBuf),
    /// A read took too long, or was abandoned by its caller.
    #[error("the query was interrupted because it took longer than query_timeout")]
    Interrupted,
    /// A bug in the server.
    #[error("internal storage error: {0}")]
    Internal(String),
}

impl From<engine::Error> for StoreError {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::Sqlite(error) => error.into(),
            #[cfg(feature = "postgres")]
            engine::Error::Postgres(error) => failure::classify(&error).into(),
            engine::Error::Interrupted => Self::Interrupted,
            other => Self::Internal(other.to_string()),
        }
    }
}

#[cfg(feature = "postgres")]
impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(why) => Self::Unavailable(why),
            Failure::Interrupted => Self::Interrupted,
            Failure::Taken(constraint) if constraint == "customers_by_slug" => Self::SlugTaken,
            Failure::Taken(constraint) if constraint == "contacts_by_email" => Self::EmailTaken,
            Failure::Taken(constraint) => Self::Internal(format!("{constraint} is violated")),
            Failure::Internal(why) => Self::Internal(why),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let message = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) if message.contains("customers.slug") => {
                Self::SlugTaken
            }
            Some(ErrorCode::ConstraintViolation) if message.contains("contacts.email") => {
                Self::EmailTaken
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(message),
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted,
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
            ) => Self::Unavailable(message),
            _ => Self::Internal(message),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Why a database could not be opened. Every message also says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "cannot use {path}: {}; check that it exists and that this user can write to it",
        io_reason(source)
    )]
    Io { path: PathBuf, source: std::io::Error },
    #[error("permission denied for {path}{}", owner_hint(.owner.as_ref()))]
    PermissionDenied { path: PathBuf, owner: Option<Owner> },
    #[error("there is no database in {}; run `pivotal-server serve` once to create one, or pass another directory with --data-dir", .0.display())]
    Missing(PathBuf),
    #[error(
        "{path} is missing, but {evidence}; put the database back, or restore a backup with `pivotal-server restore FILE`; to start with an empty database instead, pass --new-database to `serve`"
    )]
    Gone { path: PathBuf, evidence: Evidence },
    #[error("{} is already in use{}; stop that process first, or pass another directory with --data-dir", .dir.display(), held_by(.server.as_slice()))]
    InUse { dir: PathBuf, server: Option<LockHolder> },
    #[error("{path} is still locked after ten seconds{}; wait for that process to finish, or stop it", held_by(.holders))]
    Locked { path: PathBuf, holders: Vec<LockHolder> },
    #[error(
        "{path} has {names} hard links, and SQLite would keep a separate write-ahead log for each; delete the other links, or copy the file with `pivotal-server backup`"
    )]
    HardLinked { path: PathBuf, names: u64 },
    #[error("{} is a directory, but must be the database file; move it away, or pass another directory with --data-dir", .0.display())]
    IsDirectory(PathBuf),
    #[error("{} is not a pivotal-server database and was left unchanged; pass another directory with --data-dir, or move the file away", .0.display())]
    Foreign(PathBuf),
    #[error(
        "{path} was copied over a database whose latest changes are still in {wal}, and opening the two together would corrupt the database; both were left unchanged: run `pivotal-server restore --replace FILE` with a copy of the backup, which keeps both files, or move {wal} away to use {path} as it is"
    )]
    ForeignWal { path: PathBuf, wal: PathBuf },
    #[error(
        "{path} was written by a newer version (schema {found}; this binary supports up to {known}) and was left unchanged; install that version"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "{path} was written by an older version (schema {found}; this binary needs {known}), and this command does not upgrade it; start the server once to upgrade it"
    )]
    Older { path: PathBuf, found: i64, known: i64 },
    #[error("{} must be upgraded, but a server is using it; stop that server first, or wait if it is already upgrading the database", .0.display())]
    UpgradeInUse(PathBuf),
    #[error("{path} is damaged ({found}) and was left unchanged; restore a backup")]
    Damaged { path: PathBuf, found: String },
    #[error("{} is on a file system that does not support SQLite's write-ahead log, such as a network share; move the data directory to a local disk", .0.display())]
    NoWal(PathBuf),
    #[error(
        "cannot read or write {path}: {source}; free space on its disk or check the disk for errors, then try again"
    )]
    Disk { path: PathBuf, source: rusqlite::Error },
    #[error("cannot open {path}: {source}")]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error(
        "upgrading {path} from schema {from} needs about {} of free space on its disk, but only {} is available; nothing was changed: free up space or move the data directory to a larger disk, then try again",
        mebibytes(*needed), mebibytes(*free)
    )]
    NoSpace { path: PathBuf, from: i64, needed: u64, free: u64 },
    #[error("cannot use the database {place}: {why}")]
    Postgres { place: String, why: String },
    #[error("upgrading {path} from schema {from} failed and was undone: {found}; reinstall the previous version to keep working, and report this problem", path = .path.display())]
    Upgrade { path: PathBuf, from: i64, found: String },
}

impl OpenError {
    /// Converts an I/O error for the file or directory at `path`.
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::PermissionDenied {
            return Self::permission_denied(path);
        }
        Self::Io { path: path.to_owned(), source }
    }

    /// Names the owner of the path, or of its nearest ancestor that can be inspected.
    pub(super) fn permission_denied(path: &Path) -> Self {
        let owner = path.ancestors().find_map(Owner::of);
        Self::PermissionDenied { path: path.to_owned(), owner }
    }

    /// Converts a SQLite error for the database at `path`.
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, found: source.to_string() }
            }
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => Self::Disk { path, source },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::permission_denied(&path)
            }
            // The file that could not be opened may be the WAL.
            Some(ErrorCode::CannotOpen) if belongs_to_another_user(&path) => {
                Self::permission_denied(&path)
            }
            _ => Self::Sqlite { path, source },
        }
    }
}

fn belongs_to_another_user(path: &Path) -> bool {
    Owner::of(path).is_some_and(|owner| Owner::of_this_process().is_some_and(|own| own != owner))
}

/// The end of a message that says which user to run as.
fn owner_hint(owner: Option<&Owner>) -> String {
    let Some(owner) = owner else {
        return "; run this command as the same user as the server".to_owned();
    };
    let example = owner.name().map_or_else(String::new, |name| {
        format!(", for example with `runuser -u {name} -- pivotal-server …`")
    });
    format!(", which belongs to {owner}; run this command as that user{example}")
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// Returns ` by` and the lock holders, or an empty string if none are known.
fn held_by(holders: &[LockHolder]) -> String {
    if holders.is_empty() {
        return String::new();
    }
    let all: Vec<String> = holders.iter().map(LockHolder::to_string).collect();
    format!(" by {}", all.join(", "))
}

/// Why a backup could not be made or restored. No half-finished file is left behind. Every message
/// also says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot write {path}: {}; nothing else was changed", io_reason(source))]
    Io { path: PathBuf, source: std::io::Error },
    #[error("the directory {} does not exist; mount its disk, create a directory that this user can read and write, or change the backup.dir setting", .0.display())]
    NoDirectory(PathBuf),
    #[error("{} already exists; choose another name, or move that file away", .0.display())]
    Exists(PathBuf),
    #[error("another process is writing {}; wait until it has finished, or choose another name", .0.display())]
    InProgress(PathBuf),
    #[error("{} is a directory; pass the path of a file in it", .0.display())]
    IsDirectory(PathBuf),
    #[error("{} ended before there was a backup in it; check the command that writes to it. Nothing was changed", .0.display())]
    EmptyStream(PathBuf),
    #[error("{} is not a backup of pivotal-server, so nothing was changed; if the backup is compressed or encrypted, decompress or decrypt it first", .0.display())]
    NotABackup(PathBuf),
    #[error("{path} ended after {received} of {expected} bytes, so the backup is incomplete and nothing was changed; check the command that writes to it, then try again", path = .path.display())]
    Incomplete { path: PathBuf, received: u64, expected: u64 },
    #[error("{path} has {received} bytes, but the backup in it has only {expected}, so nothing was changed; check that the command that writes to it writes nothing else", path = .path.display())]
    TooLong { path: PathBuf, received: u64, expected: u64 },
    #[error(
        "cannot read {path}: {}; check the path and that this user can read the file",
        io_reason(source)
    )]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error(
        "the copy failed its integrity check ({}) and was removed; nothing else was changed: run `pivotal-server check`; if the database has the same problems, stop the server and restore an earlier backup; otherwise check the disk that the copy was written to",
        first_findings(found)
    )]
    CopyDamaged { found: Vec<String> },
    #[error("{path} failed its integrity check ({}), so it was not restored and nothing was changed; restore an earlier backup that passes `pivotal-server check FILE`", first_findings(found), path = .path.display())]
    BackupDamaged { path: PathBuf, found: Vec<String> },
    #[error("cannot copy to {draft}: {source}; nothing else was changed")]
    Sqlite { draft: PathBuf, source: rusqlite::Error },
    #[error("the database is locked by another process; try again when that process has finished")]
    Locked,
    #[error("the database is on PostgreSQL; back it up with pg_dump or pg_basebackup")]
    NotFiles,
    #[error("the copy was canceled before it was complete, and was removed")]
    Stopped,
    #[error("{} already contains a database; pass --replace to replace it with the backup (the current database is kept next to it)", .0.display())]
    Occupied(PathBuf),
    #[error("{} is the database itself; pass a backup file instead", .0.display())]
    SameFile(PathBuf),
    #[error("the backup was copied to {path}, but reading it back gives different contents; check the disk, then restore again ({})", previous_database(.previous.as_deref()))]
    NotRestored { path: PathBuf, previous: Option<PathBuf> },
}

fn previous_database(path: Option<&Path>) -> String {
    path.map_or_else(
        || "there was no database before".to_owned(),
        |path| format!("the previous database is kept as {}", path.display()),
    )
}

/// Joins as many findings as fit into a message.
fn first_findings(found: &[String]) -> String {
    let listed = found.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("; ");
    match found.len().saturating_sub(3) {
        0 => listed,
        more => format!("{listed}; and {more} more"),
    }
}

impl CopyError {
    /// Converts an I/O error for a file that was being written.
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// What failed after a copy got its final name. The copy is complete and stays. Every message also
/// says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CopyWarning {
    #[error(
        "{path} is complete, but its directory could not be synced ({}), so the file may be missing after a power failure; if there is one, check that the file still exists",
        io_reason(source)
    )]
    Unsynced { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} could not be cleaned up: {}; check that this user can read the directory and delete files from it",
        io_reason(source)
    )]
    NotRemoved { path: PathBuf, source: std::io::Error },
}
