//! What can go wrong in the store: one error for use cases, one for opening a database, one for
//! copying it, and a warning for what fails after a copy is made.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::files::lock_holders::LockHolder;
use super::files::{Evidence, Owner};
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
    /// The file may be damaged; nothing is written to it until it has been checked.
    #[error(
        "the database file may be damaged and is being checked: {0}; writes are refused until the check has ended"
    )]
    Suspected(String),
    /// The file is damaged; nothing is written to it any more.
    #[error("the database file is damaged: {0}; stop the server and restore a backup")]
    Damaged(String),
    /// The file, or one that SQLite keeps beside it, was moved, removed or replaced under us.
    #[error("{} was moved, removed or replaced while the database was open; nothing is written any more: stop the server, put the file back, and start it again", .0.display())]
    Gone(PathBuf),
    /// A read took too long, or nobody waits for it any more.
    #[error("the query was interrupted because it took longer than query_timeout")]
    Interrupted,
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
pub enum OpenError {
    #[error("cannot use {path}: {source}; check that it exists and that this user may write to it")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("permission denied for {path}{}", owner_hint(.owner.as_ref()))]
    PermissionDenied { path: PathBuf, owner: Option<Owner> },
    #[error("there is no database in {}; start `pivotal-server serve` once, or name another directory with --data-dir", .0.display())]
    Missing(PathBuf),
    #[error(
        "there is no {path}, but {trace}: put the database back, or restore a backup with `pivotal-server restore FILE`; to begin with an empty database, pass --new-database to `serve`"
    )]
    Gone { path: PathBuf, trace: Evidence },
    #[error("{} is already in use{}; stop that process first, or name another directory with --data-dir", .dir.display(), held_by(.server.as_slice()))]
    InUse { dir: PathBuf, server: Option<LockHolder> },
    #[error("{path} is still locked after ten seconds{}; wait until that process has ended, or end it", held_by(.holders))]
    Locked { path: PathBuf, holders: Vec<LockHolder> },
    #[error(
        "{path} is one file with {names} names (hard links), and SQLite would keep a log for each; remove the others, or copy the file with `pivotal-server backup`"
    )]
    HardLinked { path: PathBuf, names: u64 },
    #[error("{} is not a database of pivotal-server; it was left as it is: name another directory with --data-dir, or move the file away", .0.display())]
    Foreign(PathBuf),
    #[error(
        "{path} was copied over a database whose last changes are still in {log}, and opening the two together would corrupt it; both were left as they are: run `pivotal-server restore --replace FILE` with a copy of the backup, which keeps them, or move {log} away to use the file as it is"
    )]
    ForeignWal { path: PathBuf, log: PathBuf },
    #[error(
        "{path} was written by a newer version (schema {found}, this binary knows up to {known}); it was left as it is: install that version"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "{path} was written by an older version (schema {found}, this binary needs {known}) and is only read here; start the server once to upgrade it"
    )]
    Older { path: PathBuf, found: i64, known: i64 },
    #[error("{} has to be upgraded, and a server is running on it; stop that server first, or wait if it is upgrading the database", .0.display())]
    UpgradeInUse(PathBuf),
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
    #[error(
        "upgrading {path} from schema {from} takes about {} of free space on its disk, of which {} are left; nothing was changed: free some space, or move the data directory to a larger disk, and try again",
        mebibytes(*needed), mebibytes(*free)
    )]
    NoSpace { path: PathBuf, from: i64, needed: u64, free: u64 },
    #[error("upgrading {path} from schema {from} failed and was undone: {found}; put the binary of the old version back to go on working, and report this", path = .path.display())]
    Upgrade { path: PathBuf, from: i64, found: String },
}

impl OpenError {
    /// What the system said of the file or directory at `path`.
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::PermissionDenied {
            return Self::permission_denied(path);
        }
        Self::Io { path: path.to_owned(), source }
    }

    /// Names the owner of the file, or of the directory above it that can be looked at.
    pub(super) fn permission_denied(path: &Path) -> Self {
        let owner = path.ancestors().find_map(Owner::of);
        Self::PermissionDenied { path: path.to_owned(), owner }
    }

    /// What SQLite said of the file at `path`.
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
            // What could not be opened may be the log beside it.
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

/// Whom to run as, as the end of a sentence.
fn owner_hint(owner: Option<&Owner>) -> String {
    let Some(owner) = owner else {
        return "; run this as the user that the server runs as".to_owned();
    };
    let how = owner.name().map_or_else(String::new, |name| {
        format!(", such as with `runuser -u {name} -- pivotal-server …`")
    });
    format!(", which belongs to {owner}; run this as that user{how}")
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// Processes, as an addition to a sentence; nothing when none is known.
fn held_by(holders: &[LockHolder]) -> String {
    if holders.is_empty() {
        return String::new();
    }
    let all: Vec<String> = holders.iter().map(LockHolder::to_string).collect();
    format!(" by {}", all.join(", "))
}

/// Why a backup was not made or restored. Nothing is left half done; every message says what to
/// do.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot write {path}: {source}; nothing else was changed")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("the directory {} does not exist; mount its disk, create the directory so that this user can read and write it, or change the setting backup.dir", .0.display())]
    NoDirectory(PathBuf),
    #[error("{} exists already; choose another name, or move that file away", .0.display())]
    Exists(PathBuf),
    #[error("another process is writing {}; wait until it has ended, or choose another name", .0.display())]
    InProgress(PathBuf),
    #[error("{} is a directory; name a file in it", .0.display())]
    IsDirectory(PathBuf),
    #[error("cannot read {path}: {source}; check the file's name and that this user may read it")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error(
        "the copy does not pass its checks ({}) and was removed; nothing else was changed: run `pivotal-server check`; if the database has the same faults, stop the server and restore an earlier backup, otherwise check the disk that the copy was written to",
        first_findings(found)
    )]
    CopyDamaged { found: Vec<String> },
    #[error("{path} does not pass its checks ({}), so it was not restored and nothing was changed: restore an earlier backup, after `pivotal-server check FILE` has found it sound", first_findings(found), path = .path.display())]
    BackupDamaged { path: PathBuf, found: Vec<String> },
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
    SameFile(PathBuf),
    #[error("{path} does not hold what the backup holds, although it was put there; the database from before is {aside}", aside = .aside.as_ref().map_or_else(|| "none".into(), |path| path.display().to_string()))]
    NotRestored { path: PathBuf, aside: Option<PathBuf> },
}

/// As many findings as fit into a message.
fn first_findings(found: &[String]) -> String {
    let shown = found.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("; ");
    match found.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

impl CopyError {
    /// What the system said of a file that was to be written.
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// What failed after a copy got its name: the copy is complete and stays. Every message says what
/// to do.
#[derive(Debug, thiserror::Error)]
pub enum CopyWarning {
    #[error(
        "{path} is complete, but its directory could not be synced ({source}), so the file may be missing after a power failure; check that it is there after one"
    )]
    Unsynced { path: PathBuf, source: std::io::Error },
    #[error(
        "{path} could not be cleaned up: {source}; check that this user may read the directory and remove files from it"
    )]
    NotRemoved { path: PathBuf, source: std::io::Error },
}
