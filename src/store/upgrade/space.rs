//! Checks that the disk has enough free space for the new file, before anything is written.

use std::path::Path;

use super::old::OldDatabase;
use super::resources::RESOURCES;
use crate::store::error::OpenError;
use crate::store::files::disk_usage::free_bytes;

/// The space that the new file needs, as a percentage of the used size of the old one. Includes the
/// files in which the entries of one index at a time are sorted.
const SHARE_PERCENT: u64 = 160;
/// The number of bytes by which a document is longer than the columns it replaces: the names of its
/// fields, including fields that are null.
const DOCUMENT_BYTES: u64 = 600;
/// The space that even an empty database needs.
const BASE_BYTES: u64 = 1 << 20;

/// Fails if the disk has too little free space for the upgrade.
pub(super) fn ensure_free_space(old: &OldDatabase, database: &Path) -> Result<(), OpenError> {
    let needed = needed(old.bytes()?, count_resources(old)?);
    match free_bytes(database) {
        Some(free) if free < needed => {
            Err(OpenError::NoSpace { path: database.to_owned(), from: old.version, needed, free })
        }
        // If the free space is unknown, a full disk makes the upgrade fail, and it is undone.
        _ => Ok(()),
    }
}

/// Counts the rows that become documents.
fn count_resources(old: &OldDatabase) -> Result<u64, OpenError> {
    let mut rows = 0;
    for resource in &RESOURCES {
        let sql = format!("SELECT count(*) FROM {}", resource.table);
        let count = old.conn.query_row(&sql, [], |row| row.get::<_, i64>(0));
        let count = count.map_err(|source| OpenError::sqlite(&old.path, source))?;
        rows += u64::try_from(count).unwrap_or(0);
    }
    Ok(rows)
}

fn needed(used: u64, resources: u64) -> u64 {
    BASE_BYTES + used / 100 * SHARE_PERCENT + resources.saturating_mul(DOCUMENT_BYTES)
}
