//! The data directory: finds, creates, upgrades, and opens its database.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::locks::{LockMode, OpenLock, ServeLock};
use super::watch::Watch;
use super::{
    create_private, evidence_search, header, leftovers, names, owner, sync_dir_of, with_suffix,
};
use crate::store::engine::sqlite::connection::{self, Durability};
use crate::store::engine::sqlite::{identity, schema};
use crate::store::error::OpenError;
use crate::store::upgrade;

/// A directory that holds one database.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
    backups: PathBuf,
    /// Whether to create a new database even if there is evidence of an earlier one.
    allow_new: bool,
    durability: Durability,
    /// Creates the watch that observes an upgrade of the database.
    progress: fn() -> Arc<dyn Watch>,
}

/// What to do if there is no database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum IfMissing {
    Fail,
    Create,
}

impl DataDir {
    /// The data directory at `path`, which need not exist, with its backups in the `backups`
    /// subdirectory.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            backups: path.join("backups"),
            path,
            allow_new: false,
            durability: Durability::Full,
            progress: || Arc::new(()),
        }
    }

    /// An existing directory that is removed when its server ends.
    pub(super) fn ephemeral(path: PathBuf) -> Self {
        Self { durability: Durability::Ephemeral, ..Self::new(path) }
    }

    pub(in crate::store) fn is_ephemeral(&self) -> bool {
        self.durability == Durability::Ephemeral
    }

    /// Sets another directory for backups.
    #[must_use]
    pub fn with_backups(self, backups: impl Into<PathBuf>) -> Self {
        Self { backups: backups.into(), ..self }
    }

    /// Allows creating a new database even if there is evidence of an earlier one.
    #[must_use]
    pub fn allowing_new_database(self) -> Self {
        Self { allow_new: true, ..self }
    }

    /// Sets a watch that observes upgrades of the database.
    #[must_use]
    pub fn with_progress(self, progress: fn() -> Arc<dyn Watch>) -> Self {
        Self { progress, ..self }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory for backups, unless the caller chose another one.
    pub fn backups(&self) -> &Path {
        &self.backups
    }

    /// The path of the database file: `pivotal.db`, or the file that it links to.
    pub fn database(&self) -> PathBuf {
        let path = self.database_entry();
        match fs::read_link(&path) {
            Ok(_) => fs::canonicalize(&path).unwrap_or(path),
            Err(_) => path,
        }
    }

    /// The path of `pivotal.db`, even if it is a link.
    pub(in crate::store) fn database_entry(&self) -> PathBuf {
        self.path.join(names::DATABASE)
    }

    /// Makes sure that no other server uses the database. Creates the directory if needed.
    ///
    /// # Errors
    /// [`OpenError::InUse`], or the reason why the directory cannot be used.
    pub fn lock_for_serving(&self) -> Result<ServeLock, OpenError> {
        self.create_dir()?;
        ServeLock::acquire(&self.database())
    }

    /// Whether a server uses the database now.
    ///
    /// # Errors
    /// The reason why that can't be found out.
    pub fn is_served(&self) -> Result<bool, OpenError> {
        ServeLock::is_held(&self.database())
    }

    /// Keeps all other processes from opening the database. Creates the directory if needed.
    ///
    /// # Errors
    /// [`OpenError::Locked`], or the reason why the directory cannot be used.
    pub(in crate::store) fn lock_exclusively(&self) -> Result<OpenLock, OpenError> {
        self.create_dir()?;
        OpenLock::acquire(&self.database(), LockMode::Exclusive)
    }

    /// Opens the database for writing, after upgrading it if necessary. A file that is not ours, or
    /// is newer than this binary, is refused without being touched.
    ///
    /// # Errors
    /// Every variant of [`OpenError`] except [`OpenError::InUse`].
    pub(in crate::store) fn open(
        &self,
        existing: IfMissing,
        serving: Option<&ServeLock>,
    ) -> Result<(Connection, OpenLock), OpenError> {
        if existing == IfMissing::Create {
            self.create_dir()?;
        }
        loop {
            let database = self.database();
            if !self.has_database(&database)? {
                if existing == IfMissing::Fail {
                    return Err(OpenError::Missing(self.path.clone()));
                }
                self.create(&database)?;
            }
            let lock = OpenLock::acquire(&database, LockMode::Shared)?;
            header::check_file(&database)?;
            let conn = connection::open_writer(&database, self.durability)?;
            let open_error = |source| OpenError::sqlite(&database, source);
            // Check again, this time including what is in the write-ahead log.
            header::check_connection(&conn, &database)?;
            if schema::version(&conn).map_err(open_error)? < schema::VERSION {
                drop((conn, lock));
                self.upgrade(&database, serving)?;
                continue;
            }
            let id = identity::id(&conn).map_err(open_error)?;
            if !self.is_ephemeral()
                && let Err(error) = lock.record_database_id(&id)
            {
                log::warn!(
                    "cannot record the ID of {} in its lock file: {error}",
                    database.display()
                );
            }
            return Ok((conn, lock));
        }
    }

    /// Opens the database for reading, whatever its version, without changing it.
    ///
    /// # Errors
    /// Those of [`DataDir::open`].
    pub(in crate::store) fn open_to_read(&self) -> Result<(Connection, OpenLock), OpenError> {
        let database = self.database();
        if !self.has_database(&database)? {
            return Err(OpenError::Missing(self.path.clone()));
        }
        let lock = OpenLock::acquire_for_reading(&database)?;
        Ok((header::open_live(&database)?, lock))
    }

    /// Removes files left behind by processes that were killed, and warns if other users can read
    /// the data. For the start of a server.
    pub(in crate::store) fn clean_up(&self, _serving: &ServeLock, _open: &OpenLock) {
        let database = self.database();
        if let Err(error) = leftovers::remove_drafts(&database) {
            log::warn!("cannot remove files left behind by a command that was killed: {error}");
        }
        for (path, right) in [(self.path.as_path(), "700"), (database.as_path(), "600")] {
            if let Some(mode) = owner::mode_open_to_others(path) {
                log::warn!(
                    "other users of this machine may have access to {path} (mode {mode:03o}); run `chmod {right} {path}`",
                    path = path.display()
                );
            }
        }
    }

    /// Returns whether there is a database, after making sure that it has no additional hard link.
    /// Acquires `open.lock` if it has one, so the caller must not hold that lock.
    pub(super) fn has_database(&self, database: &Path) -> Result<bool, OpenError> {
        let names = count_names(database)?;
        if names > 1 {
            // SQLite names the log after the path it was opened with, so two links to a file have
            // separate logs.
            let _alone = OpenLock::acquire(database, LockMode::Exclusive)?;
            leftovers::undo_interrupted_replace(database)
                .map_err(|source| OpenError::io(database, source))?;
            let names = count_names(database)?;
            if names > 1 {
                return Err(OpenError::HardLinked { path: database.to_owned(), names });
            }
        }
        Ok(names > 0)
    }

    /// Creates a new database, unless another process just did.
    fn create(&self, database: &Path) -> Result<(), OpenError> {
        let lock = OpenLock::acquire(database, LockMode::Exclusive)?;
        if count_names(database)? > 0 {
            return Ok(());
        }
        if !self.allow_new
            && let Some(evidence) = evidence_search::find(database, &self.backups)
        {
            return Err(OpenError::Gone { path: database.to_owned(), evidence });
        }
        // Create it under another name and rename it once it is complete, so that a crash does not
        // leave half a database.
        let draft = with_suffix(database, names::NEW);
        let io = |source| OpenError::io(&draft, source);
        leftovers::set_wal_aside(database).map_err(io)?;
        leftovers::remove_draft(&draft).map_err(io)?;
        drop(create_private(&draft).map_err(io)?);
        let open_error = |source| OpenError::sqlite(&draft, source);
        let mut conn = connection::open_empty(&draft, self.durability).map_err(open_error)?;
        schema::create(&mut conn).map_err(open_error)?;
        let id = identity::id(&conn).map_err(open_error)?;
        conn.close().map_err(|(_, source)| open_error(source))?;
        fs::rename(&draft, database).map_err(|source| OpenError::io(database, source))?;
        if self.is_ephemeral() {
            return Ok(());
        }
        // From here on, the database exists, and a failure does not undo that.
        if let Err(error) = sync_dir_of(database).and_then(|()| lock.record_database_id(&id)) {
            log::warn!(
                "{} was created, but may not survive a power failure: {error}",
                database.display()
            );
        }
        Ok(())
    }

    /// Upgrades the database, unless another process just did.
    fn upgrade(&self, database: &Path, serving: Option<&ServeLock>) -> Result<(), OpenError> {
        let _serve = match serving {
            Some(_) => None,
            None => Some(ServeLock::acquire(database).map_err(|error| match error {
                OpenError::InUse { .. } => OpenError::UpgradeInUse(database.to_owned()),
                other => other,
            })?),
        };
        let _alone = OpenLock::acquire(database, LockMode::Exclusive)?;
        upgrade::run(database, &(self.progress)())
    }

    /// Creates the directory and its parents, unless it exists. Only its owner may access it.
    ///
    /// # Errors
    /// The reason why it can't be created.
    pub fn create_dir(&self) -> Result<(), OpenError> {
        super::create_private_dir(&self.path).map_err(|source| OpenError::io(&self.path, source))
    }
}

/// Returns the number of hard links of a file, or 0 if there is none at this path.
fn count_names(path: &Path) -> Result<u64, OpenError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Ok(found) if found.is_dir() => Err(OpenError::IsDirectory(path.to_owned())),
        found => Ok(links(&found.map_err(|source| OpenError::io(path, source))?)),
    }
}

#[cfg(unix)]
fn links(file: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(file)
}

#[cfg(not(unix))]
fn links(_: &fs::Metadata) -> u64 {
    1
}
