//! The old database. It is only read, and stays locked against all writers.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use crate::store::engine::sqlite::connection::{self, Durability};
use crate::store::engine::sqlite::schema;
use crate::store::error::OpenError;
use crate::store::files::lock_holders::{Lock, other_lock_holders};

/// How long to wait for other processes to close the file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

pub(super) struct OldDatabase {
    pub conn: Connection,
    pub path: PathBuf,
    pub version: i64,
}

impl OldDatabase {
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let conn = connection::open_writer(path, Durability::Full)?;
        let version = schema::version(&conn).map_err(|source| OpenError::sqlite(path, source))?;
        Ok(Self { conn, path: path.to_owned(), version })
    }

    /// Checkpoints the write-ahead log into the file, and locks the file against all writers until
    /// it is closed.
    pub fn lock(&self) -> Result<(), OpenError> {
        self.disable_wal()?;
        // In rollback journal mode, an open read transaction keeps all others from committing.
        let sql = "SELECT count(*) FROM sqlite_schema";
        connection::begin_read(&self.conn)
            .and_then(|()| self.conn.query_row(sql, [], |row| row.get::<_, i64>(0)))
            .map(drop)
            .map_err(|source| OpenError::sqlite(&self.path, source))
    }

    /// Turns the WAL off, which waits until no other process has the file open. Such a process
    /// would keep writing to the file after it was replaced, and its log would be applied to the
    /// new file.
    fn disable_wal(&self) -> Result<(), OpenError> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            match connection::disable_wal(&self.conn) {
                Ok(()) => return Ok(()),
                Err(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) => {
                    return Err(OpenError::sqlite(&self.path, error));
                }
                Err(_) if Instant::now() < deadline => thread::sleep(POLL_INTERVAL),
                Err(_) => {
                    let holders = other_lock_holders(&self.path, Lock::DATABASE_READ);
                    return Err(OpenError::Locked { path: self.path.clone(), holders });
                }
            }
        }
    }

    /// Returns the number of bytes that are in use in the file.
    pub fn bytes(&self) -> Result<u64, OpenError> {
        let pragma = |pragma| {
            let value = self.conn.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
            value.map_err(|source| OpenError::sqlite(&self.path, source))
        };
        let pages = pragma("page_count")? - pragma("freelist_count")?;
        Ok(u64::try_from(pages * pragma("page_size")?).unwrap_or(0))
    }

    /// Closes the file. It is complete without any other file.
    pub fn close(self) -> Result<(), OpenError> {
        let Self { conn, path, .. } = self;
        connection::end_read(&conn)
            .and_then(|()| conn.close().map_err(|(_, source)| source))
            .map_err(|source| OpenError::sqlite(&path, source))
    }
}
