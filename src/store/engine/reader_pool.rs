//! The pool of connections that read.

use std::path::PathBuf;

use rusqlite::Connection;

use super::damage::{Damage, Generation};
use super::key_cache::KeyCache;
use super::sqlite;

/// Makes the pool's connections. `r2d2_sqlite` is tied to an older rusqlite than this one.
pub(in crate::store) struct ReaderManager {
    /// The database file.
    pub path: PathBuf,
    /// The cache of each connection, in KiB.
    pub cache: u32,
    /// Told of damage that is met while a connection is opened, which the pool keeps to itself.
    pub damage: Damage,
}

/// A connection of the pool, and what it remembers.
#[derive(Debug)]
pub(in crate::store) struct ReadConnection {
    /// It can only read.
    pub conn: Connection,
    /// The keys that it has read.
    pub keys: KeyCache,
    /// That of its cache.
    pub generation: Generation,
}

impl r2d2::ManageConnection for ReaderManager {
    type Connection = ReadConnection;
    type Error = rusqlite::Error;

    fn connect(&self) -> Result<ReadConnection, rusqlite::Error> {
        let generation = self.damage.generation();
        let open = || {
            let conn = sqlite::open_reader(&self.path)?;
            sqlite::set_cache(&conn, self.cache)?;
            Ok(ReadConnection { conn, keys: KeyCache::default(), generation })
        };
        open().inspect_err(|error| self.damage.report_open_error(error))
    }

    fn is_valid(&self, pooled: &mut ReadConnection) -> Result<(), rusqlite::Error> {
        pooled.conn.execute_batch("SELECT 1")
    }

    fn has_broken(&self, pooled: &mut ReadConnection) -> bool {
        // A transaction that was left open would go on showing the past.
        !pooled.conn.is_autocommit()
    }
}
