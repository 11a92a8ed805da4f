//! Detects when the files that SQLite has open are no longer those at their paths. If one of them
//! was renamed, deleted, or replaced, commits continue to go to a file that will not be found after
//! a restart.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rusqlite::Connection;

use super::{names, with_suffix};
use crate::store::error::StoreError;

/// The files of an open database. Once one of them is missing, the database is refused until a
/// restart, because it is unknown what has happened to its files.
#[derive(Clone, Debug)]
pub(in crate::store) struct OpenFiles(Arc<Files>);

#[derive(Debug)]
struct Files {
    open: Vec<(PathBuf, FileId)>,
    missing: OnceLock<PathBuf>,
}

/// Device and inode, or `None` if there is no file.
type FileId = Option<(u64, u64)>;

impl OpenFiles {
    /// Captures the identities of the files of an open connection. `link` is the path where the
    /// database was found, `database` the file that it leads to.
    pub fn capture(conn: &Connection, link: &Path, database: &Path) -> rusqlite::Result<Self> {
        // SQLite opens the log and its index with the first read.
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
        let paths = [
            link.to_owned(),
            database.to_owned(),
            with_suffix(database, names::WAL),
            with_suffix(database, names::SHM),
        ];
        let open = paths.map(|path| {
            let id = file_id(&path);
            (path, id)
        });
        let presence = Self(Arc::new(Files { open: open.into(), missing: OnceLock::new() }));
        // The file may have been replaced between opening it and looking at its path.
        if has_moved(conn)? {
            presence.report(database);
        }
        Ok(presence)
    }

    /// Fails if one of the files is no longer at its path. Costs four stat(2) calls.
    ///
    /// # Errors
    /// [`StoreError::Gone`].
    pub fn ensure_in_place(&self) -> Result<(), StoreError> {
        if self.0.missing.get().is_none()
            && let Some((path, _)) = self.0.open.iter().find(|(path, id)| file_id(path) != *id)
        {
            self.report(path);
        }
        match self.0.missing.get() {
            Some(path) => Err(StoreError::Gone(path.clone())),
            None => Ok(()),
        }
    }

    fn report(&self, path: &Path) {
        if self.0.missing.set(path.to_owned()).is_ok() {
            log::error!("{}", StoreError::Gone(path.to_owned()));
        }
    }
}

/// Whether the open database is no longer the file at its path.
#[cfg(unix)]
fn has_moved(conn: &Connection) -> rusqlite::Result<bool> {
    let mut moved = 0;
    conn.file_control(Some(rusqlite::MAIN_DB), rusqlite::FileControl::HasMoved(&mut moved))?;
    Ok(moved != 0)
}

#[cfg(not(unix))]
fn has_moved(_: &Connection) -> rusqlite::Result<bool> {
    Ok(false)
}

#[cfg(unix)]
fn file_id(path: &Path) -> FileId {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn file_id(path: &Path) -> FileId {
    fs::metadata(path).ok().map(|_| (0, 0))
}
