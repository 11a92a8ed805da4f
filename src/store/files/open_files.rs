//! Whether the files that SQLite has open are still those at their paths. After one of them was
//! renamed, removed or replaced, commits go on into a file that no restart will find.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rusqlite::Connection;

use super::{names, with_suffix};
use crate::store::error::StoreError;

/// The files of one open database. Once one is gone, the database is refused until a restart: what
/// happened to the files meanwhile is not known.
#[derive(Clone, Debug)]
pub(in crate::store) struct OpenFiles(Arc<Files>);

#[derive(Debug)]
struct Files {
    open: Vec<(PathBuf, FileId)>,
    missing: OnceLock<PathBuf>,
}

/// Device and inode; nothing where files have neither.
type FileId = Option<(u64, u64)>;

impl OpenFiles {
    /// Takes note of the files of an open connection. `link` is the name by which the database was
    /// found, `database` the file that it leads to.
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
            let id = id_of(&path);
            (path, id)
        });
        let presence = Self(Arc::new(Files { open: open.into(), missing: OnceLock::new() }));
        // Between opening it and looking at its path it may have been exchanged already.
        if has_moved(conn)? {
            presence.report(database);
        }
        Ok(presence)
    }

    /// Refuses when one of the files is no longer at its path. Costs four looks at the file system.
    ///
    /// # Errors
    /// [`StoreError::Gone`].
    pub fn ensure_in_place(&self) -> Result<(), StoreError> {
        if self.0.missing.get().is_none()
            && let Some((path, _)) = self.0.open.iter().find(|(path, id)| id_of(path) != *id)
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

/// Whether the database that is open is no longer the one at its path.
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
fn id_of(path: &Path) -> FileId {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn id_of(path: &Path) -> FileId {
    fs::metadata(path).ok().map(|_| (0, 0))
}
