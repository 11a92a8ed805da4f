//! The row that identifies a database: its ID, and the secret for the checksums of its API keys.

use rusqlite::{Connection, params};

use crate::model::key::checksum::ChecksumSecret;
use crate::store::engine::identity;

/// Inserts the row if there is none.
pub(in crate::store) fn ensure(conn: &Connection) -> rusqlite::Result<()> {
    let (id, secret) = identity::random()
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    conn.execute(identity::INSERT, params![id, secret]).map(drop)
}

pub(in crate::store) fn id(conn: &Connection) -> rusqlite::Result<String> {
    conn.query_row("SELECT id FROM database", [], |row| row.get(0))
}

pub(in crate::store) fn checksum_secret(conn: &Connection) -> rusqlite::Result<ChecksumSecret> {
    let sql = "SELECT key_check_secret FROM database";
    conn.query_row(sql, [], |row| row.get(0)).map(ChecksumSecret::from_stored)
}
