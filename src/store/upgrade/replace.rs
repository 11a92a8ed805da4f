//! Replaces the old file with the new one and keeps the old one under another name. If the process
//! is killed at any moment, one of the two has the name of the database.

use std::fs;
use std::path::{Path, PathBuf};

use crate::store::error::OpenError;
use crate::store::files;
use crate::store::files::lock_holders::{Lock, other_lock_holders};

/// Replaces the database with the draft, both of which must be closed and complete. Returns the
/// path of the old database.
pub(super) fn replace(database: &Path, draft: &Path, from: i64) -> Result<PathBuf, OpenError> {
    let io = |source| OpenError::io(database, source);
    files::copy_owner_and_mode(draft, database).map_err(io)?;
    // SQLite would apply a log or journal to the new file. This process has left none.
    let is_written = |suffix: &&str| {
        fs::metadata(files::with_suffix(database, suffix)).is_ok_and(|file| file.len() > 0)
    };
    if [files::WAL, files::JOURNAL].iter().any(is_written) {
        let holders = other_lock_holders(database, Lock::DATABASE_READ);
        return Err(OpenError::Locked { path: database.to_owned(), holders });
    }
    for suffix in [files::WAL, files::JOURNAL, files::SHM] {
        files::remove_if_exists(&files::with_suffix(database, suffix)).map_err(io)?;
    }
    // A file of that name may be from an earlier upgrade, after which the old version was restored.
    let backup =
        files::with_free_suffix(database, &format!("{}{from}.backup", files::BEFORE_UPGRADE));
    // If this process is killed between the two steps, the next start removes this link.
    files::link_or_copy(database, &backup).map_err(io)?;
    sync_dir(database);
    if let Err(source) = fs::rename(draft, database) {
        let _ = fs::remove_file(&backup);
        return Err(io(source));
    }
    sync_dir(database);
    Ok(backup)
}

/// Some network shares cannot sync directories at all.
fn sync_dir(path: &Path) {
    if let Err(error) = files::sync_dir_of(path) {
        log::warn!("cannot sync the directory of {}: {error}", path.display());
    }
}
