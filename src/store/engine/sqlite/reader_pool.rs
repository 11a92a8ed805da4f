//! The pool of read connections.

use std::path::PathBuf;

use rusqlite::Connection;

use super::connection;
use super::damage::{Damage, Generation};
use super::key_cache::KeyCache;

/// Creates the pool's connections. `r2d2_sqlite` is not used because it depends on an older
/// rusqlite.
pub(in crate::store) struct ReaderManager {
    pub path: PathBuf,
    /// The cache size of each connection, in KiB.
    pub cache: u32,
    /// Receives errors that indicate damage while a connection is opened, because the pool does not
    /// pass them on.
    pub damage: Damage,
}

/// A connection of the pool with its caches.
#[derive(Debug)]
pub(in crate::store) struct ReadConnection {
    pub conn: Connection,
    pub keys: KeyCache,
    /// The generation of SQLite's page cache.
    pub generation: Generation,
}

impl r2d2::ManageConnection for ReaderManager {
    type Connection = ReadConnection;
    type Error = rusqlite::Error;

    fn connect(&self) -> Result<ReadConnection, rusqlite::Error> {
        let generation = self.damage.generation();
        let open = || {
            let conn = connection::open_reader(&self.path)?;
            connection::set_cache(&conn, self.cache)?;
            Ok(ReadConnection { conn, keys: KeyCache::default(), generation })
        };
        open().inspect_err(|error| self.damage.report_open_error(error))
    }

    fn is_valid(&self, pooled: &mut ReadConnection) -> Result<(), rusqlite::Error> {
        pooled.conn.execute_batch("SELECT 1")
    }

    fn has_broken(&self, pooled: &mut ReadConnection) -> bool {
        // With a transaction left open, the connection would keep reading old data.
        !pooled.conn.is_autocommit()
    }
}
