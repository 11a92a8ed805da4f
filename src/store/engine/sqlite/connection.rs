//! Opens connections and sets all of their pragmas.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use crate::store::error::OpenError;

/// How long a statement waits for a lock held by another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The same timeout for the writer's connection. Short, because the writer retries by itself.
pub(in crate::store) const WRITER_TIMEOUT: Duration = Duration::from_millis(100);
/// The number of prepared statements that a connection caches. There are fewer than this.
const STATEMENT_CACHE: usize = 128;
/// The page cache of a connection.
pub(in crate::store) const CACHE_KIB: u32 = 8_000;
/// The page caches of all lookup connections together. Lookups and pages of lists read rows from
/// anywhere in the file, and each page that is not cached costs a system call.
pub(in crate::store) const LOOKUP_CACHES_KIB: u32 = 64_000;
/// The page cache of the connection that rebuilds a database, and the memory for its sorts.
const REBUILD_CACHE_KIB: u32 = 64_000;
/// Threads that help this connection to sort index entries.
const SORT_THREADS: u32 = 2;
/// The size, in bytes, to which SQLite truncates the write-ahead log file after it was larger.
const WAL_SIZE_LIMIT: i64 = 64 << 20;

/// What of the database must survive a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Durability {
    /// Every commit.
    Full,
    /// Nothing: the file is removed when its server ends. Nothing is synced or overwritten.
    Ephemeral,
}

/// Opens a connection that can write. The file must exist.
///
/// # Errors
/// Returns [`OpenError::NoWal`] if the file system does not support shared memory between
/// connections.
pub(in crate::store) fn open_writer(
    path: &Path,
    durability: Durability,
) -> Result<Connection, OpenError> {
    let open_error = |source| OpenError::sqlite(path, source);
    let conn = Connection::open_with_flags(path, open_flags()).map_err(open_error)?;
    // SQLite opens a file without write permission as read-only instead of failing.
    if conn.is_readonly(MAIN_DB).map_err(open_error)? {
        return Err(OpenError::permission_denied(path));
    }
    // Set this first: enabling the WAL may already have to wait for a lock.
    conn.busy_timeout(BUSY_TIMEOUT).map_err(open_error)?;
    // A response means that the change is on disk, so sync the log at every commit.
    let synchronous = if durability == Durability::Full { "FULL" } else { "OFF" };
    conn.pragma_update(None, "synchronous", synchronous).map_err(open_error)?;
    enable_wal(&conn, path)?;
    let pragmas = || {
        configure(&conn)?;
        conn.pragma_update(None, "foreign_keys", true)?;
        if durability == Durability::Full {
            enable_secure_delete(&conn)?;
        }
        conn.pragma_update(None, "journal_size_limit", WAL_SIZE_LIMIT)
    };
    pragmas().map_err(open_error)?;
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

/// Opens a database that nothing writes to, without locks and without creating files next to it
/// (SQLite manual, "Uniform Resource Identifiers", `immutable`).
pub(in crate::store) fn open_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let conn =
        Connection::open_with_flags(format!("file:{}?immutable=1", percent_encoded(path)), flags)?;
    configure(&conn)?;
    Ok(conn)
}

/// Percent-encodes a path for a URI, where `?`, `#` and `%` have a meaning.
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

/// Leaves the write-ahead log in place when the connection is closed, even if it is the last one.
pub(in crate::store) fn keep_wal_on_close(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

/// Sets the size of a connection's page cache in KiB, which SQLite takes as a negative number.
pub(in crate::store) fn set_cache(conn: &Connection, kib: u32) -> rusqlite::Result<()> {
    conn.pragma_update(None, "cache_size", -i64::from(kib))
}

/// Opens a connection for checkpoints. Unless the database is ephemeral, it syncs the log before
/// writing to the database file, and the database file before the log is overwritten.
pub(in crate::store) fn open_checkpointer(
    path: &Path,
    durability: Durability,
) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, open_flags())?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    configure(&conn)?;
    let synchronous = if durability == Durability::Full { "FULL" } else { "OFF" };
    conn.pragma_update(None, "synchronous", synchronous)?;
    Ok(conn)
}

/// Returns what the writer's connection was opened with.
pub(in crate::store) fn durability(writer: &Connection) -> rusqlite::Result<Durability> {
    let synchronous: i64 = writer.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    Ok(if synchronous == 0 { Durability::Ephemeral } else { Durability::Full })
}

/// Opens an empty file to create a database in.
pub(in crate::store) fn open_empty(
    path: &Path,
    durability: Durability,
) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    if durability == Durability::Ephemeral {
        conn.pragma_update(None, "synchronous", "OFF")?;
        conn.pragma_update(None, "journal_mode", "MEMORY")?;
    }
    Ok(conn)
}

/// Opens a file that another database is copied into. Nothing is synced: the caller syncs the file
/// once it is complete.
pub(in crate::store) fn open_copy(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, open_flags())?;
    configure(&conn)?;
    conn.pragma_update(None, "synchronous", "OFF")?;
    enable_secure_delete(&conn)?;
    Ok(conn)
}

/// Like [`open_new`], to be filled from the database at `old`, which is attached read-only as `old`.
/// The caller also checks constraints at the end, on two threads.
pub(in crate::store) fn open_rebuild(path: &Path, old: &Path) -> rusqlite::Result<Connection> {
    let conn = open_new(path)?;
    conn.pragma_update(None, "ignore_check_constraints", true)?;
    let uri = format!("file:{}?mode=ro", percent_encoded(old));
    conn.execute("ATTACH ?1 AS old", [uri])?;
    Ok(conn)
}

/// Opens an empty file to be filled. After an error the file cannot be used, because nothing is
/// rolled back. The caller checks references at the end, and syncs the file once it is complete.
pub(in crate::store) fn open_new(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, open_flags())?;
    configure(&conn)?;
    // Set these only for the new file: one that is attached is a database in use.
    for (pragma, value) in
        [("journal_mode", "OFF"), ("synchronous", "OFF"), ("locking_mode", "EXCLUSIVE")]
    {
        conn.pragma_update(Some("main"), pragma, value)?;
    }
    conn.pragma_update(None, "foreign_keys", false)?;
    enable_secure_delete(&conn)?;
    set_cache(&conn, REBUILD_CACHE_KIB)?;
    // Sort indexes in files, on the disk of the database: it is unknown how much memory or space
    // for temporary files there is elsewhere.
    conn.pragma_update(None, "temp_store", "FILE")?;
    if let Some(dir) = path.parent().and_then(Path::to_str).filter(|dir| !dir.is_empty()) {
        conn.pragma_update(None, "temp_store_directory", dir)?;
    }
    conn.pragma_update(None, "threads", SORT_THREADS)?;
    Ok(conn)
}

/// Makes SQLite overwrite deleted data with zeros, so that it does not stay in the file.
fn enable_secure_delete(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "secure_delete", true)
}

/// Turns the write-ahead log off and removes it. Fails with `SQLITE_BUSY` while another connection
/// has the file open.
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
    // Without this, SQLite plans a statement again whenever its bindings are cleared, which happens
    // each time it returns to the cache (SQLite manual, "The Query Planner Stability Guarantee").
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    set_cache(conn, CACHE_KIB)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // A database file from elsewhere must not be able to call functions through its schema.
    conn.pragma_update(None, "trusted_schema", false)
}

fn enable_wal(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode: rusqlite::Result<String> =
        conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
    match mode {
        Ok(mode) if mode == "wal" => Ok(()),
        // SQLite returns the mode that it kept.
        Ok(_) => Err(OpenError::NoWal(path.to_owned())),
        Err(source) => Err(OpenError::sqlite(path, source)),
    }
}

/// Begins a read transaction. What it sees is fixed by its first statement.
pub(in crate::store) fn begin_read(conn: &Connection) -> rusqlite::Result<()> {
    conn.prepare_cached("BEGIN DEFERRED")?.execute([]).map(drop)
}

pub(in crate::store) fn end_read(conn: &Connection) -> rusqlite::Result<()> {
    conn.prepare_cached("COMMIT")?.execute([]).map(drop)
}

/// Changes whenever another connection, in any process, commits (SQLite manual, "PRAGMA
/// data_version"). Constant within a transaction.
pub(in crate::store) fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_file_system_without_shared_memory_is_refused_with_advice() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pivotal.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        // This VFS uses lock files, as on a network share, and does not support a WAL.
        let uri = format!("file:{}?vfs=unix-dotfile", file.display());
        let refused = open_writer(Path::new(&uri), Durability::Full).unwrap_err();
        assert!(matches!(refused, OpenError::NoWal(_)), "{refused}");
        assert!(refused.to_string().contains("local disk"));
    }

    #[test]
    fn sqlite_has_the_fix_for_the_wal_reset_bug() {
        // Versions 3.7.0 to 3.51.2 can lose a commit that races with a checkpoint on another
        // connection, and corrupt the file. Here the two always run concurrently (SQLite manual,
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
    fn commits_are_synced_and_readers_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pivotal.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        let writer = open_writer(&file, Durability::Full).unwrap();
        let pragma = |name: &str| writer.pragma_query_value(None, name, |r| r.get::<_, i64>(0));
        assert_eq!(pragma("synchronous").unwrap(), 2);
        assert_eq!(pragma("foreign_keys").unwrap(), 1);
        assert_eq!(pragma("secure_delete").unwrap(), 1);
        assert!(open_reader(&file).unwrap().execute("INSERT INTO t VALUES (1)", []).is_err());
    }
}
