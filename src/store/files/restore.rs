//! Restores a backup over a database, and checks a database without a server. For `cli`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::check;
use super::contents::Contents;
use super::copy;
use super::watch::Watch;
use crate::model::values::time::Timestamp;
use crate::store::engine::sqlite::connection::{self, Durability};
use crate::store::error::{CopyError, CopyWarning, OpenError};
use crate::store::files::{self, DataDir, OpenLock, ServeLock};

#[derive(Debug)]
pub struct Restored {
    /// What the restored database contains.
    pub contents: Contents,
    /// Where the previous database is kept, if there was one.
    pub previous: Option<PathBuf>,
    /// Failures that did not undo the restore.
    pub warnings: Vec<CopyWarning>,
}

impl DataDir {
    /// Replaces the database with a copy of the one at `from`. The copy is checked before anything
    /// is changed. An existing database is only replaced if `replace` is set, and is kept next to
    /// the new one. `from` is only read.
    ///
    /// # Errors
    /// See [`CopyError`]. The database is unchanged, except after [`CopyError::NotRestored`].
    pub fn restore(
        &self,
        from: &Path,
        replace: bool,
        now: Timestamp,
        watch: &Arc<dyn Watch>,
    ) -> Result<Restored, CopyError> {
        // Open the backup first, so that a wrong path does not create the data directory.
        let mut backup = match files::open_backup(from) {
            Err(OpenError::Io { path, source }) => {
                return Err(CopyError::Unreadable { path, source });
            }
            opened => opened.map_err(|error| backup_error(error.into(), from))?,
        };
        let locks = self.lock_for_restore()?;
        let database = self.database();
        if database.exists() && fs::canonicalize(from).ok() == fs::canonicalize(&database).ok() {
            return Err(CopyError::SameFile(database));
        }
        self.ensure_replaceable(replace)?;
        self.replace_with(&mut backup, &locks, now, watch)
            .map_err(|error| backup_error(error, from))
    }

    /// Keeps servers and all other processes from using the database.
    pub(super) fn lock_for_restore(&self) -> Result<(ServeLock, OpenLock), CopyError> {
        Ok((self.lock_for_serving()?, self.lock_exclusively()?))
    }

    /// Fails if there is a database that may not be replaced.
    pub(super) fn ensure_replaceable(&self, replace: bool) -> Result<(), CopyError> {
        if !replace && self.database().exists() {
            return Err(CopyError::Occupied(self.path().to_owned()));
        }
        Ok(())
    }

    /// Replaces the database, if there is one, with a copy of the backup. The caller has the locks
    /// of [`DataDir::lock_for_restore`].
    pub(super) fn replace_with(
        &self,
        backup: &mut Connection,
        _locks: &(ServeLock, OpenLock),
        now: Timestamp,
        watch: &Arc<dyn Watch>,
    ) -> Result<Restored, CopyError> {
        let database = self.database();
        let draft = files::with_suffix(&database, files::RESTORING);
        copy::copy(backup, &draft, watch)?;
        let contents = Contents::count(&draft)?;
        let mut warnings = Vec::new();
        let previous = set_aside(&database, now, &mut warnings)?;
        warnings.extend(copy::publish(&draft, &database)?);
        if Contents::count(&database).ok().as_ref() != Some(&contents) {
            return Err(CopyError::NotRestored { path: database, previous });
        }
        Ok(Restored { contents, previous, warnings })
    }

    /// Checks the database, or the one at `file`, and returns its problems. A server may be using
    /// it.
    ///
    /// # Errors
    /// Fails if the database cannot be opened at all.
    pub fn check(
        &self,
        file: Option<&Path>,
        watch: &Arc<dyn Watch>,
    ) -> Result<Vec<String>, OpenError> {
        let path = file.map_or_else(|| self.database(), Path::to_owned);
        let opened = match file {
            Some(file) => files::open_backup(file).map(|conn| (conn, None)),
            None => self.open_to_read().map(|(conn, lock)| (conn, Some(lock))),
        };
        let found = match opened {
            Ok((mut conn, _lock)) => check::findings(&mut conn, watch),
            Err(OpenError::Damaged { found, .. }) => {
                return Ok(vec![check::add_truncation(&path, found)]);
            }
            Err(other) => return Err(other),
        };
        match found.map_err(|source| OpenError::sqlite(&path, source)) {
            Ok(found) => Ok(found),
            Err(OpenError::Damaged { found, .. }) => Ok(vec![check::add_truncation(&path, found)]),
            Err(other) => Err(other),
        }
    }
}

/// Converts an error from copying a backup: the only advice is to use another backup.
pub(super) fn backup_error(error: CopyError, path: &Path) -> CopyError {
    let found = match error {
        CopyError::CopyDamaged { found } => found,
        CopyError::Open(OpenError::Damaged { found, .. }) => {
            vec![check::add_truncation(path, found)]
        }
        other => return other,
    };
    CopyError::BackupDamaged { path: path.to_owned(), found }
}

/// Gives the database, if there is one, a second hard link under which it stays when the backup
/// takes its name. Removes the write-ahead log and rollback journal, which SQLite would apply to
/// the backup.
fn set_aside(
    database: &Path,
    now: Timestamp,
    warnings: &mut Vec<CopyWarning>,
) -> Result<Option<PathBuf>, CopyError> {
    let suffix = format!("{}{}", files::BEFORE_RESTORE, now.to_compact());
    let aside = files::with_free_suffix(database, &suffix);
    checkpoint_wal(database);
    let keep = |suffix: &str| match files::link_or_copy(
        &files::with_suffix(database, suffix),
        &files::with_suffix(&aside, suffix),
    ) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CopyError::io(&aside, error)),
    };
    // Link these before the database itself: once that has a second link, a restore that is killed
    // is undone with the files next to the link. A log or journal still exists here if the file is
    // too damaged to be opened.
    keep(files::WAL)?;
    keep(files::JOURNAL)?;
    let kept = keep("")?;
    // Sync before the log is removed, which from then on only exists next to the link. A directory
    // that cannot be synced at all must not prevent the restore.
    if kept && let Err(source) = files::sync_dir_of(database) {
        warnings.push(CopyWarning::Unsynced { path: aside.clone(), source });
    }
    [files::WAL, files::JOURNAL, files::SHM]
        .iter()
        .try_for_each(|suffix| files::remove_if_exists(&files::with_suffix(database, suffix)))
        .map_err(|source| CopyError::io(database, source))?;
    Ok(kept.then_some(aside))
}

/// Checkpoints the write-ahead log and removes it, as closing the last connection does. Rolls back
/// a rollback journal left by a start that was killed while it turned the WAL on. SQLite would
/// discard the log of a file that it does not recognize as a database, so such a log is kept as it
/// is.
fn checkpoint_wal(database: &Path) {
    let has_rest =
        [files::WAL, files::JOURNAL].iter().any(|end| files::with_suffix(database, end).exists());
    if has_rest
        && files::check_file_header(database).is_ok()
        && let Ok(conn) = connection::open_writer(database, Durability::Full)
    {
        // What could not be checkpointed stays in the log, which is kept as well.
        let _ = conn.close();
    }
}
