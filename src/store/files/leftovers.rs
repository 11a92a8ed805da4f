//! Cleans up after processes that were killed: incomplete files, and restores and upgrades that did
//! not finish.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{dir_of, names, remove_if_exists, with_suffix};

/// Removes an incomplete file and SQLite's files next to it, unless the process that writes it is
/// still running and holds a lock on it. Returns whether the file is gone.
///
/// # Errors
/// Fails if a file cannot be removed.
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

/// Removes the incomplete files next to a database. The caller must hold `open.lock`, which
/// excludes the processes that write them.
pub(super) fn remove_drafts(database: &Path) -> io::Result<()> {
    for suffix in [names::NEW, names::UPGRADING, names::RESTORING, names::RECEIVING] {
        remove_draft(&with_suffix(database, suffix))?;
    }
    for path in find_set_aside_files(database)? {
        if path.to_string_lossy().ends_with(names::PARTIAL) {
            remove_draft(&path)?;
        }
    }
    Ok(())
}

/// Undoes a restore or upgrade that was killed after it had given the database a second hard link,
/// but before the new file took its name. The caller must hold `open.lock` exclusively.
///
/// # Errors
/// Fails if a file cannot be renamed or removed.
pub(super) fn undo_interrupted_replace(database: &Path) -> io::Result<()> {
    for link in find_hard_links(database)? {
        for suffix in [names::WAL, names::JOURNAL] {
            let (original, aside_copy) =
                (with_suffix(database, suffix), with_suffix(&link, suffix));
            if aside_copy.exists() {
                if original.exists() {
                    remove_if_exists(&aside_copy)?;
                } else {
                    fs::rename(&aside_copy, &original)?;
                }
            }
        }
        remove_if_exists(&link)?;
    }
    Ok(())
}

/// Finds additional hard links of the database, made by restores and upgrades.
fn find_hard_links(database: &Path) -> io::Result<Vec<PathBuf>> {
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

/// Finds files whose name starts like that of a database set aside by a restore or upgrade.
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
fn is_same_file(a: &Path, b: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (a, b) = (fs::metadata(a)?, fs::metadata(b)?);
    Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

#[cfg(not(unix))]
fn is_same_file(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Renames the log and journal of a missing database. SQLite would apply them to the new database
/// that takes its place.
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
