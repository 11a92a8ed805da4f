//! Whether the disk has room for the new file, before anything is written.

use std::path::Path;

use super::old::Old;
use crate::store::error::OpenError;

/// What a new file takes beside the old one, in hundredths of what is used of that: documents are
/// longer than the columns they take the place of, and the entries of one index at a time are
/// sorted in files.
const SHARE: u64 = 160;
/// What even an empty database takes.
const LEAST: u64 = 1 << 20;

/// Refuses an upgrade that the disk has no room for.
pub(super) fn require(old: &Old, database: &Path) -> Result<(), OpenError> {
    let needed = needed(old.bytes()?);
    match free(database) {
        Some(free) if free < needed => {
            Err(OpenError::NoSpace { path: database.to_owned(), from: old.version, needed, free })
        }
        // Where the system does not say, a full disk ends the upgrade and it is undone.
        _ => Ok(()),
    }
}

fn needed(used: u64) -> u64 {
    LEAST + used / 100 * SHARE
}

/// Bytes that this process may still write to the disk of a file.
#[cfg(unix)]
fn free(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(crate::store::files::dir_of(path)).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}
