//! Putting the new file in the place of the old one, which keeps another name. A kill at any moment
//! leaves one of the two under the name of the database.

use std::fs;
use std::path::{Path, PathBuf};

use crate::store::error::OpenError;
use crate::store::files;
use crate::store::files::lock_holders::{Lock, other_lock_holders};

/// Needs both files to be closed and complete. Returns where the old one is.
pub(super) fn replace(database: &Path, draft: &Path, from: i64) -> Result<PathBuf, OpenError> {
    let io = |source| OpenError::io(database, source);
    files::copy_owner_and_mode(draft, database).map_err(io)?;
    // SQLite would apply a log or a journal to the new file. This process has left none.
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
    // One of that name may hold what was there before an older version was restored.
    let kept =
        files::with_free_suffix(database, &format!("{}{from}.backup", files::BEFORE_UPGRADE));
    // If this process ends between the two, the next start removes the second name.
    files::link_or_copy(database, &kept).map_err(io)?;
    sync_dir(database);
    if let Err(source) = fs::rename(draft, database) {
        let _ = fs::remove_file(&kept);
        return Err(io(source));
    }
    sync_dir(database);
    Ok(kept)
}

/// Some network shares cannot sync directories at all.
fn sync_dir(of: &Path) {
    if let Err(error) = files::sync_dir_of(of) {
        log::warn!("the directory of {} cannot be synced: {error}", of.display());
    }
}
