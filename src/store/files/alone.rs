//! Keeps a database for one process: one that is only read, and a new one that appears once it is
//! complete.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::locks::{OpenLock, ServeLock};
use super::watch::Watch;
use super::{DataDir, check, copy, create_private, header, leftovers, names, with_suffix};
use crate::store::engine::sqlite::{connection, identity, schema};
use crate::store::error::{CopyError, CopyWarning, OpenError};

/// A database that no other process can use until this is dropped.
pub(in crate::store) struct LockedFile {
    conn: Connection,
    _locks: (ServeLock, OpenLock),
}

impl DataDir {
    /// Opens the database for reading, and keeps servers and all other processes from using it.
    ///
    /// # Errors
    /// Those of [`DataDir::open_to_read`], [`OpenError::InUse`], and [`OpenError::Older`].
    pub(in crate::store) fn open_locked(&self) -> Result<LockedFile, OpenError> {
        let database = self.database();
        if !self.has_database(&database)? {
            return Err(OpenError::Missing(self.path().to_owned()));
        }
        let locks = (self.lock_for_serving()?, self.lock_exclusively()?);
        let conn = header::open_live(&database)?;
        schema::refuse_older(&conn, &database)?;
        Ok(LockedFile { conn, _locks: locks })
    }

    /// Creates a database whose tables are empty, and which has no indexes yet. Returns `None` if
    /// there already is a database.
    ///
    /// # Errors
    /// [`OpenError::InUse`], or the reason why the file can't be created.
    pub(in crate::store) fn create_locked(&self) -> Result<Option<NewFile>, CopyError> {
        let locks = (self.lock_for_serving()?, self.lock_exclusively()?);
        let database = self.database();
        if database.symlink_metadata().is_ok() {
            return Ok(None);
        }
        leftovers::set_wal_aside(&database).map_err(|source| CopyError::io(&database, source))?;
        let draft = Draft::create(with_suffix(&database, names::NEW))?;
        let conn = begin(&draft.path).map_err(|source| draft.error(source))?;
        Ok(Some(NewFile { conn, draft, database, locks }))
    }
}

impl LockedFile {
    pub fn conn(&self) -> &Connection {
        &self.conn
    }
}

/// A new database, which gets its name once it is complete. Dropping it before removes it.
pub(in crate::store) struct NewFile {
    conn: Connection,
    /// After the connection, which must be closed before the file is removed.
    draft: Draft,
    database: PathBuf,
    locks: (ServeLock, OpenLock),
}

/// A file that is removed when this is dropped, unless it was renamed.
struct Draft {
    path: PathBuf,
    file: Option<File>,
}

impl Draft {
    fn create(path: PathBuf) -> Result<Self, CopyError> {
        let io = |source| CopyError::io(&path, source);
        if !leftovers::remove_draft(&path).map_err(io)? {
            return Err(CopyError::InProgress(path));
        }
        let file = create_private(&path).map_err(io)?;
        // The lock shows other processes that the draft is in use. On a file system without locks,
        // other processes don't check for one.
        let _ = file.try_lock();
        Ok(Self { path, file: Some(file) })
    }

    fn sync(&self) -> Result<(), CopyError> {
        let synced = self.file.as_ref().map_or(Ok(()), File::sync_all);
        synced.map_err(|source| CopyError::io(&self.path, source))
    }

    fn error(&self, source: rusqlite::Error) -> CopyError {
        copy::copy_error(&self.path, source)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // A locked draft would be taken for one that is still being written.
        drop(self.file.take());
        if let Err(error) = leftovers::remove_draft(&self.path) {
            log::warn!("cannot remove {}: {error}", self.path.display());
        }
    }
}

impl NewFile {
    pub fn conn(&self) -> &Connection {
        &self.conn
    }

    /// Creates the indexes and triggers, commits, and checks all pages and rows.
    ///
    /// # Errors
    /// [`CopyError::CopyDamaged`], or the reason why the file can't be written.
    pub fn complete(&mut self, watch: &Arc<dyn Watch>) -> Result<(), CopyError> {
        finish(&self.conn).map_err(|source| self.draft.error(source))?;
        watch.on_check();
        let found = check::findings(&mut self.conn, watch);
        let found = found.map_err(|source| self.draft.error(source))?;
        if found.is_empty() { Ok(()) } else { Err(CopyError::CopyDamaged { found }) }
    }

    /// Gives the database its name.
    ///
    /// # Errors
    /// The reason why that was not possible. The file is then removed.
    pub fn publish(self) -> Result<Option<CopyWarning>, CopyError> {
        let Self { conn, draft, database, locks: (_serving, open) } = self;
        let id = identity::id(&conn).map_err(|source| draft.error(source))?;
        conn.close().map_err(|(_, source)| draft.error(source))?;
        draft.sync()?;
        let warning = copy::publish(&draft.path, &database)?;
        if let Err(error) = open.record_database_id(&id) {
            log::warn!("cannot record the ID of the database in its lock file: {error}");
        }
        Ok(warning)
    }
}

/// Begins the transaction that fills the database.
fn begin(draft: &Path) -> rusqlite::Result<Connection> {
    let conn = connection::open_new(draft)?;
    conn.execute_batch("BEGIN")?;
    for table in schema::definitions()?.iter().filter(|definition| definition.is_table()) {
        conn.execute_batch(&table.sql)?;
    }
    Ok(conn)
}

fn finish(conn: &Connection) -> rusqlite::Result<()> {
    for definition in schema::definitions()?.iter().filter(|definition| !definition.is_table()) {
        conn.execute_batch(&definition.sql)?;
    }
    // Mark it last, so that an incomplete file is not recognized as a database.
    schema::mark(conn)?;
    conn.execute_batch("COMMIT")
}
