//! The names of the files that the store creates next to a database and in a directory of backups.

use crate::model::values::time::Timestamp;

pub(super) const DATABASE: &str = "pivotal.db";

/// The suffixes of SQLite's files next to a database: the write-ahead log, its index, and the
/// journal of a transaction in another mode.
pub(in crate::store) const WAL: &str = "-wal";
pub(in crate::store) const SHM: &str = "-shm";
pub(in crate::store) const JOURNAL: &str = "-journal";

/// The suffixes of incomplete files in the data directory.
pub(super) const NEW: &str = ".new";
pub(in crate::store) const UPGRADING: &str = ".schema.new";
pub(in crate::store) const RESTORING: &str = ".restoring";
pub(in crate::store) const RECEIVING: &str = ".receiving";
/// The suffix of an incomplete backup, in any directory.
pub(in crate::store) const PARTIAL: &str = ".partial";

/// The file in the data directory that names the backup that was handed over last.
pub(super) const HANDED_OVER: &str = "handed-over";

/// The suffix of a database that was replaced by a restore. Followed by a time.
pub(in crate::store) const BEFORE_RESTORE: &str = ".before-restore-";
/// The suffix of a database from before an upgrade. Followed by a version and `.backup`.
pub(in crate::store) const BEFORE_UPGRADE: &str = ".schema-";
/// The suffixes of a log and a journal whose database is missing.
pub(super) const ORPHANED_WAL: &str = ".orphaned-wal";
pub(super) const ORPHANED_JOURNAL: &str = ".orphaned-journal";

/// Returns a name like `pivotal-20261124T170520Z.db`. Such names sort by time and are valid on
/// every file system.
pub(in crate::store) fn backup_name(time: Timestamp) -> String {
    format!("pivotal-{}.db", time.to_compact())
}

/// Returns when the backup with this name was made, or `None` for other names.
pub(in crate::store) fn backup_time(name: &str) -> Option<Timestamp> {
    Timestamp::from_compact(name.strip_prefix("pivotal-")?.strip_suffix(".db")?)
}
