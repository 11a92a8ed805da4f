//! What a process that was killed left behind: files that were not complete, and a restore or an
//! upgrade that was not finished. Removed at the next start.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{dir_of, names, remove_if_exists, with_suffix};

/// Removes an incomplete file and SQLite's files beside it, unless the process that writes it still
/// runs: it holds a lock on it. Says whether it is gone.
///
/// # Errors
/// When it cannot be removed.
pub(in crate::store) fn remove_draft(draft: &Path) -> io::Result<bool> {
    let in_use = match File::open(draft) {
        Ok(file) => matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    };
    if in_use {
        return Ok(false);
    }
    for suffix in ["", names::JOURNAL, names::WAL, names::SHM] {
        remove_if_exists(&with_suffix(draft, suffix))?;
    }
    Ok(true)
}

/// Removes the incomplete files beside a database. Needs `open.lock`, which excludes those who
/// write them.
pub(super) fn remove_drafts(database: &Path) -> io::Result<()> {
    for suffix in [names::NEW, names::UPGRADING, names::RESTORING] {
        remove_draft(&with_suffix(database, suffix))?;
    }
    for kept in find_set_aside_files(database)? {
        if kept.to_string_lossy().ends_with(names::PARTIAL) {
            remove_draft(&kept)?;
        }
    }
    Ok(())
}

/// Undoes a restore or an upgrade that was killed after it had given the database its second name,
/// and before the other file took the first one. Needs `open.lock` for itself.
///
/// # Errors
/// When a file cannot be renamed or removed.
pub(super) fn undo_interrupted_replace(database: &Path) -> io::Result<()> {
    for aside in find_second_names(database)? {
        for suffix in [names::WAL, names::JOURNAL] {
            let (kept, kept_aside) = (with_suffix(database, suffix), with_suffix(&aside, suffix));
            if kept_aside.exists() {
                if kept.exists() {
                    remove_if_exists(&kept_aside)?;
                } else {
                    fs::rename(&kept_aside, &kept)?;
                }
            }
        }
        remove_if_exists(&aside)?;
    }
    Ok(())
}

/// The names that restores and upgrades gave to the file that is still the database.
fn find_second_names(database: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in find_set_aside_files(database)? {
        let name = path.to_string_lossy();
        let is_log = name.ends_with(names::WAL) || name.ends_with(names::JOURNAL);
        if !is_log && is_same_file(&path, database)? {
            found.push(path);
        }
    }
    Ok(found)
}

/// What has the name of a database that was replaced, or begins with it.
fn find_set_aside_files(database: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(name) = database.file_name() else { return Ok(Vec::new()) };
    let prefixes = [names::BEFORE_RESTORE, names::BEFORE_UPGRADE]
        .map(|suffix| format!("{}{suffix}", name.to_string_lossy()));
    let mut found = Vec::new();
    for entry in fs::read_dir(dir_of(database))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if prefixes.iter().any(|prefix| name.starts_with(prefix.as_str())) {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (one, other) = (fs::metadata(one)?, fs::metadata(other)?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

#[cfg(not(unix))]
fn is_same_file(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Keeps the log and the journal of a database that is gone under other names: SQLite would apply
/// them to the new database that takes its place.
pub(super) fn set_wal_aside(database: &Path) -> io::Result<()> {
    for (suffix, orphaned) in
        [(names::WAL, names::ORPHANED_WAL), (names::JOURNAL, names::ORPHANED_JOURNAL)]
    {
        let log = with_suffix(database, suffix);
        match fs::metadata(&log) {
            Ok(found) if found.len() > 0 => {
                fs::rename(&log, super::with_free_suffix(database, orphaned))?;
            }
            Ok(_) => fs::remove_file(&log)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    remove_if_exists(&with_suffix(database, names::SHM))
}
