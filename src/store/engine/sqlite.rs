//! Connections to the file, and all of their pragmas.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use crate::store::error::OpenError;

/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The same for the connection of the writer, which tries again by itself.
pub(in crate::store) const WRITER_TIMEOUT: Duration = Duration::from_millis(100);
/// Statements that a connection keeps prepared. There are fewer than this.
const STATEMENT_CACHE: usize = 128;
/// Pages of a connection's cache, in KiB.
pub(in crate::store) const CACHE_KIB: u32 = 8_000;
/// The same for all connections together that look up single rows, which lie anywhere: what is
/// not in the cache is a system call away.
pub(in crate::store) const LOOKUP_CACHES_KIB: u32 = 64_000;
/// The cache of the connection that rebuilds a database, in KiB. As much is sorted in memory.
const REBUILD_CACHE_KIB: u32 = 64_000;
/// Threads that help it to sort the entries of an index.
const SORT_THREADS: u32 = 2;
/// What is left of the write-ahead log's file after it was larger, in bytes.
const WAL_SIZE_LIMIT: i64 = 64 << 20;

/// Opens a connection that may write. The file has to exist.
///
/// # Errors
/// [`OpenError::NoWal`] where the file system cannot share memory between connections, and what
/// SQLite says otherwise.
pub(in crate::store) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::sqlite(path, source);
    let conn = Connection::open_with_flags(path, open_flags()).map_err(failed)?;
    // SQLite opens a file that it may not write as one that it only reads.
    if conn.is_readonly(MAIN_DB).map_err(failed)? {
        return Err(OpenError::permission_denied(path));
    }
    // First of all: turning the log on may already have to wait for a lock.
    conn.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    enable_wal(&conn, path)?;
    let pragmas = || {
        configure(&conn)?;
        // An answer means that the change is on disk: the log is synced at every commit.
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        enable_secure_delete(&conn)?;
        conn.pragma_update(None, "journal_size_limit", WAL_SIZE_LIMIT)
    };
    pragmas().map_err(failed)?;
    Ok(conn)
}

/// Opens a connection that can only read.
pub(in crate::store) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, open_flags())?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    configure(&conn)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// Opens a database that nobody writes, and leaves no trace of that: no locks, and no files beside
/// it (SQLite manual, "Uniform Resource Identifiers", `immutable`).
pub(in crate::store) fn open_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let conn =
        Connection::open_with_flags(format!("file:{}?immutable=1", percent_encoded(path)), flags)?;
    configure(&conn)?;
    Ok(conn)
}

/// A path as a URI has it: `?`, `#` and `%` mean something there.
fn percent_encoded(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(
            |&byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") },
        )
        .collect()
}

/// Leaves the log as it is when the connection is closed, although it may be the last one.
pub(in crate::store) fn keep_wal_on_close(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

/// Sets how much a connection keeps of what it has read, in KiB, which a negative number means to
/// SQLite.
pub(in crate::store) fn set_cache(conn: &Connection, kib: u32) -> rusqlite::Result<()> {
    conn.pragma_update(None, "cache_size", -i64::from(kib))
}

/// Opens a connection that takes the write-ahead log into the file, and syncs both before the log
/// may be written over.
pub(in crate::store) fn open_checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, open_flags())?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    configure(&conn)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    Ok(conn)
}

/// Opens a file into which another database is copied. It is nobody's yet: whoever copies brings
/// it to disk when it is whole.
pub(in crate::store) fn open_copy(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, open_flags())?;
    configure(&conn)?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    enable_secure_delete(&conn)?;
    Ok(conn)
}

/// Opens an empty file that is filled from the database at `old`, which is attached as `old` and
/// can only be read. The file cannot be used after an error, because nothing is undone; the caller
/// syncs it once it is complete.
pub(in crate::store) fn open_rebuild(path: &Path, old: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, open_flags())?;
    configure(&conn)?;
    // Only of this file: the other one is a database in use.
    for (pragma, value) in
        [("journal_mode", "OFF"), ("synchronous", "OFF"), ("locking_mode", "EXCLUSIVE")]
    {
        conn.pragma_update(Some("main"), pragma, value)?;
    }
    // The caller checks references and constraints at the end, on two threads.
    conn.pragma_update(None, "foreign_keys", false)?;
    conn.pragma_update(None, "ignore_check_constraints", true)?;
    enable_secure_delete(&conn)?;
    set_cache(&conn, REBUILD_CACHE_KIB)?;
    // Indexes are sorted in files, on the disk of the database: what there is of memory and of room
    // for temporary files is not known.
    conn.pragma_update(None, "temp_store", "FILE")?;
    if let Some(dir) = path.parent().and_then(Path::to_str).filter(|dir| !dir.is_empty()) {
        conn.pragma_update(None, "temp_store_directory", dir)?;
    }
    conn.pragma_update(None, "threads", SORT_THREADS)?;
    let uri = format!("file:{}?mode=ro", percent_encoded(old));
    conn.execute("ATTACH ?1 AS old", [uri])?;
    Ok(conn)
}

/// Makes SQLite overwrite what is deleted with zeros, so that it does not stay in the file.
fn enable_secure_delete(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "secure_delete", true)
}

/// Makes the file one that has no write-ahead log beside it. Fails as busy while another connection
/// has it open.
pub(in crate::store) fn disable_wal(conn: &Connection) -> rusqlite::Result<()> {
    let mode: String = conn.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    if mode == "delete" {
        return Ok(());
    }
    let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
    Err(rusqlite::Error::SqliteFailure(busy, None))
}

fn open_flags() -> OpenFlags {
    // Each connection is used by one thread at a time, so SQLite's own mutexes are not needed.
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI
}

fn configure(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // Otherwise SQLite plans a statement anew whenever its values are cleared, as they are each
    // time that it goes back to the cache (SQLite manual, "The Query Planner Stability
    // Guarantee").
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    set_cache(conn, CACHE_KIB)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // A file from elsewhere must not be able to call functions through its schema.
    conn.pragma_update(None, "trusted_schema", false)
}

fn enable_wal(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode: rusqlite::Result<String> =
        conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
    match mode {
        Ok(mode) if mode == "wal" => Ok(()),
        // SQLite answers with the mode that it kept.
        Ok(_) => Err(OpenError::NoWal(path.to_owned())),
        Err(source) => Err(OpenError::sqlite(path, source)),
    }
}

/// Begins a transaction that only reads. What it sees is fixed by its first statement.
pub(in crate::store) fn begin_read(conn: &Connection) -> rusqlite::Result<()> {
    conn.prepare_cached("BEGIN DEFERRED")?.execute([]).map(drop)
}

/// Ends it.
pub(in crate::store) fn end_read(conn: &Connection) -> rusqlite::Result<()> {
    conn.prepare_cached("COMMIT")?.execute([]).map(drop)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_file_system_without_shared_memory_is_refused_in_plain_words() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pivotal.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        // This VFS locks with files of its own, as on a network share, and cannot keep a log.
        let address = format!("file:{}?vfs=unix-dotfile", file.display());
        let refused = open_writer(Path::new(&address)).unwrap_err();
        assert!(matches!(refused, OpenError::NoWal(_)), "{refused}");
        assert!(refused.to_string().contains("local disk"));
    }

    #[test]
    fn sqlite_is_new_enough_not_to_corrupt_a_log_that_is_reset() {
        // Versions 3.7.0 to 3.51.2 can lose a commit that races with a checkpoint on another
        // connection, and corrupt the file; here the two always run side by side (SQLite manual,
        // "Write-Ahead Logging", "The WAL-Reset Bug").
        assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    }

    #[test]
    fn a_cached_statement_is_planned_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pivotal.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        let conn = open_reader(&file).unwrap();
        for value in 1..9 {
            let mut statement = conn.prepare_cached("SELECT a FROM t WHERE a = ?1").unwrap();
            assert!(!statement.exists([value]).unwrap());
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    }

    #[test]
    fn what_is_committed_is_synced_and_a_reader_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pivotal.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        let writer = open_writer(&file).unwrap();
        let ask = |pragma: &str| writer.pragma_query_value(None, pragma, |r| r.get::<_, i64>(0));
        assert_eq!(ask("synchronous").unwrap(), 2);
        assert_eq!(ask("foreign_keys").unwrap(), 1);
        assert_eq!(ask("secure_delete").unwrap(), 1);
        assert!(open_reader(&file).unwrap().execute("INSERT INTO t VALUES (1)", []).is_err());
    }
}
