//! Changes that the triggers and foreign keys of the schema would refuse or slow down.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// While this exists, the connection can delete events, and does not check foreign keys: finding
/// the references to a deleted customer can mean reading all contacts. Temporary triggers stay on.
pub(super) struct Unchecked<'c>(&'c Connection);

impl<'c> Unchecked<'c> {
    pub fn begin(conn: &'c Connection) -> rusqlite::Result<Self> {
        let unchecked = Self(conn);
        unchecked.set(false)?;
        Ok(unchecked)
    }

    fn set(&self, enabled: bool) -> rusqlite::Result<()> {
        self.0.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, enabled)?;
        self.0.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, enabled)?;
        Ok(())
    }
}

impl Drop for Unchecked<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.set(true) {
            log::error!("can't turn the checks of the database on again: {error}");
        }
    }
}
