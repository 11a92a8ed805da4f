//! Notices changes by other connections and processes, such as commands.

use std::path::PathBuf;

use rusqlite::Connection;

use crate::store::Store;
use crate::store::engine::sqlite::connection;
use crate::store::error::StoreError;
use crate::store::files::DataDir;

/// A connection that only watches. It is opened at the first check, and reopened after an error.
pub struct ChangeWatcher {
    /// `None` on PostgreSQL, where each look reads the queue.
    database: Option<PathBuf>,
    conn: Option<Connection>,
    version: Option<i64>,
}

impl Store {
    /// Watches this database.
    pub fn change_watcher(&self) -> ChangeWatcher {
        ChangeWatcher { database: self.files().map(DataDir::database), conn: None, version: None }
    }
}

impl ChangeWatcher {
    /// Returns whether anything was committed since the last call. The first call returns `true`.
    ///
    /// # Errors
    /// If the database can't be opened or read.
    pub fn has_changed(&mut self) -> Result<bool, StoreError> {
        let Some(database) = &self.database else { return Ok(true) };
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                self.version = None;
                connection::open_reader(database)?
            }
        };
        let version = connection::data_version(&conn)?;
        self.conn = Some(conn);
        Ok(self.version.replace(version) != Some(version))
    }
}
