//! The row that identifies a database: its ID, and the secret for the checksums of its API keys.

use rusqlite::{Connection, params};

use crate::model::key::checksum::ChecksumSecret;
use crate::store::Reader;
use crate::store::error::StoreError;

/// Inserts the row if there is none, with values from the operating system's random number
/// generator.
pub(in crate::store) fn ensure(conn: &Connection) -> rusqlite::Result<()> {
    let mut random = [0; 48];
    getrandom::fill(&mut random)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let (id, secret) = random.split_at(16);
    let sql = "INSERT INTO database (no, id, key_check_secret) VALUES (1, lower(hex(?1)), ?2)
               ON CONFLICT DO NOTHING";
    conn.execute(sql, params![id, secret]).map(drop)
}

pub(in crate::store) fn id(conn: &Connection) -> rusqlite::Result<String> {
    conn.query_row("SELECT id FROM database", [], |row| row.get(0))
}

pub(in crate::store) fn checksum_secret(conn: &Connection) -> rusqlite::Result<ChecksumSecret> {
    let sql = "SELECT key_check_secret FROM database";
    conn.query_row(sql, [], |row| row.get(0)).map(ChecksumSecret::from_stored)
}

impl Reader<'_> {
    /// Returns the ID of this database: 32 hexadecimal digits.
    pub fn database_id(&self) -> Result<String, StoreError> {
        Ok(self.conn.query_row("SELECT id FROM database", (), |row| row.get(0))?)
    }
}
