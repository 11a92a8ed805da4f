//! The names of the files that the store makes beside a database and in a directory of backups.

use crate::model::values::time::Timestamp;

/// The database in its data directory.
pub(super) const DATABASE: &str = "pivotal.db";

/// What SQLite appends for the files beside a database, the write-ahead log and its index, and for
/// the journal of a transaction without a log.
pub(in crate::store) const WAL: &str = "-wal";
pub(in crate::store) const SHM: &str = "-shm";
pub(in crate::store) const JOURNAL: &str = "-journal";

/// What is appended for a file that is not complete, in the data directory.
pub(super) const NEW: &str = ".new";
pub(in crate::store) const UPGRADING: &str = ".schema.new";
pub(in crate::store) const RESTORING: &str = ".restoring";
/// The same for a backup, wherever it is made.
pub(in crate::store) const PARTIAL: &str = ".partial";

/// What is appended for the database that a restore replaced; a time follows.
pub(in crate::store) const BEFORE_RESTORE: &str = ".before-restore-";
/// What is appended for the database from before an upgrade; a version and `.backup` follow.
pub(in crate::store) const BEFORE_UPGRADE: &str = ".schema-";
/// What is appended for a log or journal whose database is gone.
pub(super) const ORPHANED_WAL: &str = ".orphaned-wal";
pub(super) const ORPHANED_JOURNAL: &str = ".orphaned-journal";

/// `pivotal-20261124T170520Z.db`: names sort by time, and every file system allows them.
pub(in crate::store) fn backup_name(time: Timestamp) -> String {
    format!("pivotal-{}.db", time.to_compact())
}

/// When the backup of this name was made; none for other names.
pub(in crate::store) fn backup_time(name: &str) -> Option<Timestamp> {
    Timestamp::from_compact(name.strip_prefix("pivotal-")?.strip_suffix(".db")?)
}
