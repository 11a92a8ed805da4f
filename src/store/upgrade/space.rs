//! Whether the disk has room for the new file, before anything is written.

use std::path::Path;

use super::old::OldDatabase;
use super::resources::RESOURCES;
use crate::store::error::OpenError;

/// What a new file takes beside the old one, in hundredths of what is used of that: the entries of
/// one index at a time are sorted in files.
const SHARE_PERCENT: u64 = 160;
/// Bytes that a document is longer than the columns it takes the place of, which is the names of
/// its properties and of those that are null.
const DOCUMENT_BYTES: u64 = 600;
/// What even an empty database takes.
const BASE_BYTES: u64 = 1 << 20;

/// Refuses an upgrade that the disk has no room for.
pub(super) fn ensure_free_space(old: &OldDatabase, database: &Path) -> Result<(), OpenError> {
    let needed = needed(old.bytes()?, count_resources(old)?);
    match free_bytes(database) {
        Some(free) if free < needed => {
            Err(OpenError::NoSpace { path: database.to_owned(), from: old.version, needed, free })
        }
        // Where the system does not say, a full disk ends the upgrade and it is undone.
        _ => Ok(()),
    }
}

/// How many rows become documents.
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

/// Bytes that this process may still write to the disk of a file.
#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(crate::store::files::dir_of(path)).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}
