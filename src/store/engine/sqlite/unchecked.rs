//! Changes that the triggers and foreign keys of the schema would refuse or slow down.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::store::engine::{Conn, Result};

const ENABLE_TRIGGER: DbConfig = DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER;
const ENABLE_FKEY: DbConfig = DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY;

/// While this exists, the connection does not check foreign keys: finding the references to a
/// deleted customer can mean reading all contacts. Temporary triggers stay on.
pub(in crate::store) struct Unchecked<'c> {
    conn: &'c Connection,
    off: &'static [DbConfig],
}

impl<'c> Unchecked<'c> {
    /// Also turns the triggers off, so that any event can be deleted.
    pub fn begin(conn: Conn<'c>) -> Result<Self> {
        Self::without(conn, &[ENABLE_TRIGGER, ENABLE_FKEY])
    }

    /// Turns off only the foreign keys.
    pub fn references(conn: Conn<'c>) -> Result<Self> {
        Self::without(conn, &[ENABLE_FKEY])
    }

    fn without(conn: Conn<'c>, off: &'static [DbConfig]) -> Result<Self> {
        let unchecked = Self { conn: conn.sqlite()?, off };
        unchecked.set(false)?;
        Ok(unchecked)
    }

    fn set(&self, enabled: bool) -> rusqlite::Result<()> {
        for &config in self.off {
            self.conn.set_db_config(config, enabled)?;
        }
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
