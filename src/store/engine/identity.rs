//! What identifies a new database: its ID, and the secret for the checksums of its API keys.

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
