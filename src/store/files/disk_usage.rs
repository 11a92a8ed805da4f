//! The sizes of a database's files, and the space that is left for them. The files are not opened:
//! closing them again would release SQLite's locks.

use std::fs;
use std::path::Path;

use super::{WAL, dir_of, with_suffix};

/// In bytes. `None` is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskUsage {
    pub database: Option<u64>,
    pub wal: Option<u64>,
    /// The free space on the disk of the data directory.
    pub free: Option<u64>,
}

impl DiskUsage {
    /// That of a database on another machine.
    pub(in crate::store) const UNKNOWN: Self = Self { database: None, wal: None, free: None };

    pub(in crate::store) fn of(database: &Path) -> Self {
        let size = |path: &Path| fs::metadata(path).ok().map(|file| file.len());
        Self {
            database: size(database),
            wal: size(&with_suffix(database, WAL)),
            free: free_bytes(database),
        }
    }
}

/// Returns the free space on the disk of a file that is available to this process.
#[cfg(unix)]
pub(in crate::store) fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir_of(path)).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
pub(in crate::store) fn free_bytes(path: &Path) -> Option<u64> {
    let _ = dir_of(path);
    None
}
