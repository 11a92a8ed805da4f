//! What identifies a database: its ID, and the secret for the checksums of its API keys.

#[cfg(feature = "postgres")]
use crate::model::key::checksum::ChecksumSecret;
use crate::store::Reader;
use crate::store::error::StoreError;

/// Inserts the row with both, if there is none.
pub(in crate::store) const INSERT: &str =
    "INSERT INTO database (no, id, key_check_secret) VALUES (1, lower(hex(?1)), ?2)
     ON CONFLICT DO NOTHING";

/// Returns the bytes of an ID, and a secret, from the operating system's random number generator.
pub(in crate::store) fn random() -> Result<([u8; 16], [u8; 32]), getrandom::Error> {
    let (mut id, mut secret) = ([0; 16], [0; 32]);
    getrandom::fill(&mut id)?;
    getrandom::fill(&mut secret)?;
    Ok((id, secret))
}

impl Reader<'_> {
    /// Returns the ID of this database: 32 hexadecimal digits.
    pub fn database_id(&self) -> Result<String, StoreError> {
        Ok(self.conn.query_row("SELECT id FROM database", (), |row| row.get(0))?)
    }

    /// Returns the secret for the checksums of this database's API keys.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn checksum_secret(&self) -> Result<ChecksumSecret, StoreError> {
        let sql = "SELECT key_check_secret FROM database";
        Ok(self.conn.query_row(sql, (), |row| Ok(ChecksumSecret::from_stored(row.get(0)?)))?)
    }
}
