//! The row that makes a database this one and no other: its id, and the secret that the checksums
//! of its API keys are made with.

use rusqlite::{Connection, params};

use crate::model::key::checksum::ChecksumSecret;
use crate::store::Reader;
use crate::store::error::StoreError;

/// Makes the row unless it exists. Its values come from the operating system's random source.
pub(in crate::store) fn ensure(conn: &Connection) -> rusqlite::Result<()> {
    let mut random = [0; 48];
    getrandom::fill(&mut random)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let (id, secret) = random.split_at(16);
    let sql = "INSERT INTO database (no, id, key_check_secret) VALUES (1, lower(hex(?1)), ?2)
               ON CONFLICT DO NOTHING";
    conn.execute(sql, params![id, secret]).map(drop)
}

/// The id that names this database.
pub(in crate::store) fn id(conn: &Connection) -> rusqlite::Result<String> {
    conn.query_row("SELECT id FROM database", [], |row| row.get(0))
}

/// The secret that the checksums of API keys are computed with.
pub(in crate::store) fn checksum_secret(conn: &Connection) -> rusqlite::Result<ChecksumSecret> {
    let sql = "SELECT key_check_secret FROM database";
    conn.query_row(sql, [], |row| row.get(0)).map(ChecksumSecret::stored)
}

impl Reader<'_> {
    /// The id that names this database: 32 hexadecimal digits.
    pub fn database_id(&self) -> Result<String, StoreError> {
        Ok(id(self.conn)?)
    }
}
