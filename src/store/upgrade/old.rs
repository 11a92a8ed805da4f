//! The database that is upgraded. It is only read, and locked against every other writer.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use crate::store::engine::{schema, sqlite};
use crate::store::error::OpenError;
use crate::store::files::lock_holders::{Lock, other_lock_holders};

/// How long other programs may keep the file open.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// An open database of an older version.
pub(super) struct OldDatabase {
    pub conn: Connection,
    pub path: PathBuf,
    pub version: i64,
}

impl OldDatabase {
    /// Opens the database.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let conn = sqlite::open_writer(path)?;
        let version = schema::version(&conn).map_err(|source| OpenError::sqlite(path, source))?;
        Ok(Self { conn, path: path.to_owned(), version })
    }

    /// Brings the write-ahead log into the file, and locks the file against every other writer
    /// until it is closed.
    pub fn lock(&self) -> Result<(), OpenError> {
        self.disable_wal()?;
        // A reader of a file without a log keeps all others from committing.
        let sql = "SELECT count(*) FROM sqlite_schema";
        sqlite::begin_read(&self.conn)
            .and_then(|()| self.conn.query_row(sql, [], |row| row.get::<_, i64>(0)))
            .map(drop)
            .map_err(|source| OpenError::sqlite(&self.path, source))
    }

    /// Another program that has the file open would go on writing to it after it was replaced, and
    /// its log would be taken for that of the new file.
    fn disable_wal(&self) -> Result<(), OpenError> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            match sqlite::disable_wal(&self.conn) {
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

    /// Bytes of the file that are in use.
    pub fn bytes(&self) -> Result<u64, OpenError> {
        let ask = |pragma| {
            let value = self.conn.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
            value.map_err(|source| OpenError::sqlite(&self.path, source))
        };
        let pages = ask("page_count")? - ask("freelist_count")?;
        Ok(u64::try_from(pages * ask("page_size")?).unwrap_or(0))
    }

    /// Closes the file, which is complete without any other.
    pub fn close(self) -> Result<(), OpenError> {
        let Self { conn, path, .. } = self;
        sqlite::end_read(&conn)
            .and_then(|()| conn.close().map_err(|(_, source)| source))
            .map_err(|source| OpenError::sqlite(&path, source))
    }
}
