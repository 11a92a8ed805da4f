//! Opens a database only for reading, without upgrading it. For commands that list things.

use rusqlite::Connection;

use super::schema;
use crate::store::Reader;
use crate::store::error::{OpenError, StoreError};
use crate::store::files::{DataDir, OpenLock};

pub struct SqliteReadOnly {
    conn: Connection,
    _lock: OpenLock,
}

impl SqliteReadOnly {
    /// Opens the database of a data directory.
    ///
    /// # Errors
    /// See [`OpenError`]. Returns [`OpenError::Older`] if the database must be upgraded first.
    pub fn open(dir: &DataDir) -> Result<Self, OpenError> {
        let (conn, lock) = dir.open_to_read()?;
        schema::refuse_older(&conn, &dir.database())?;
        Ok(Self { conn, _lock: lock })
    }

    /// Runs a read on the calling thread.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        read(&Reader { conn: (&self.conn).into() })
    }
}
