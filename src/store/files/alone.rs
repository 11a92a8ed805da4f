//! Keeps a database for one process: one that is only read, and a new one that appears once it is
//! complete.

use std::fs::File;
use std::path::PathBuf;
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
        let found =
            schema::version(&conn).map_err(|source| OpenError::sqlite(&database, source))?;
        if found < schema::VERSION {
            return Err(OpenError::Older { path: database, found, known: schema::VERSION });
        }
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
        let draft = with_suffix(&database, names::NEW);
        let io = |source| CopyError::io(&draft, source);
        leftovers::set_wal_aside(&database).map_err(io)?;
        if !leftovers::remove_draft(&draft).map_err(io)? {
            return Err(CopyError::InProgress(draft));
        }
        let file = create_private(&draft).map_err(io)?;
        NewFile::start(database, draft, file, locks).map(Some)
    }
}

impl LockedFile {
    pub fn conn(&self) -> &Connection {
        &self.conn
    }
}

/// A new database, which gets its name once it is complete. Dropping it before removes it.
pub(in crate::store) struct NewFile {
    /// `None` while the database gets its name.
    conn: Option<Connection>,
    file: Option<File>,
    draft: PathBuf,
    database: PathBuf,
    locks: (ServeLock, OpenLock),
}

impl NewFile {
    fn start(
        database: PathBuf,
        draft: PathBuf,
        file: File,
        locks: (ServeLock, OpenLock),
    ) -> Result<Self, CopyError> {
        // The lock shows other processes that the draft is in use. On a file system without locks,
        // other processes don't check for one.
        let _ = file.try_lock();
        let mut new = Self { conn: None, file: Some(file), draft, database, locks };
        let conn = || {
            let conn = connection::open_new(&new.draft)?;
            conn.execute_batch("BEGIN")?;
            for table in schema::definitions()?.iter().filter(|definition| definition.is_table()) {
                conn.execute_batch(&table.sql)?;
            }
            Ok(conn)
        };
        new.conn = Some(conn().map_err(|source| new.error(source))?);
        Ok(new)
    }

    pub fn conn(&self) -> Result<&Connection, CopyError> {
        self.conn.as_ref().ok_or(CopyError::Stopped)
    }

    /// Creates the indexes and triggers, commits, and checks all pages and rows.
    ///
    /// # Errors
    /// [`CopyError::CopyDamaged`], or the reason why the file can't be written.
    pub fn complete(&mut self, watch: &Arc<dyn Watch>) -> Result<(), CopyError> {
        let finish = |conn: &Connection| {
            for definition in schema::definitions()?.iter().filter(|one| !one.is_table()) {
                conn.execute_batch(&definition.sql)?;
            }
            // Mark it last, so that an incomplete file is not recognized as a database.
            schema::mark(conn)?;
            conn.execute_batch("COMMIT")
        };
        finish(self.conn()?).map_err(|source| self.error(source))?;
        watch.on_check();
        let found = self.conn.as_mut().map(|conn| check::findings(conn, watch));
        match found.transpose().map_err(|source| self.error(source))? {
            Some(found) if !found.is_empty() => Err(CopyError::CopyDamaged { found }),
            _ => Ok(()),
        }
    }

    /// Gives the database its name.
    ///
    /// # Errors
    /// The reason why that was not possible. The file is then removed.
    pub fn publish(mut self) -> Result<Option<CopyWarning>, CopyError> {
        let (Some(conn), Some(file)) = (self.conn.take(), &self.file) else {
            return Err(CopyError::Stopped);
        };
        let id = identity::id(&conn).map_err(|source| self.error(source))?;
        conn.close().map_err(|(_, source)| self.error(source))?;
        file.sync_all().map_err(|source| CopyError::io(&self.draft, source))?;
        let warning = copy::publish(&self.draft, &self.database)?;
        if let Err(error) = self.locks.1.record_database_id(&id) {
            log::warn!("cannot record the ID of the database in its lock file: {error}");
        }
        Ok(warning)
    }

    fn error(&self, source: rusqlite::Error) -> CopyError {
        copy::copy_error(&self.draft, source)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Once it has its name, there is no draft.
        drop(self.conn.take());
        // A locked draft would be taken for one that is still being written.
        drop(self.file.take());
        if let Err(error) = leftovers::remove_draft(&self.draft) {
            log::warn!("cannot remove {}: {error}", self.draft.display());
        }
    }
}
