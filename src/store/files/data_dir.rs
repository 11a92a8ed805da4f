//! The data directory: finding, making, upgrading and opening its database.

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
use crate::store::engine::{identity, schema, sqlite};
use crate::store::error::OpenError;
use crate::store::upgrade;

/// A directory that holds one database.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
    backups: PathBuf,
    /// Whether a new database is made where there are traces of an earlier one.
    allow_new: bool,
    /// Makes what looks on while the database is upgraded.
    progress: fn() -> Arc<dyn Watch>,
}

/// Whether a database has to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum IfMissing {
    /// It has to.
    Fail,
    /// A new one is made where there is none.
    Create,
}

impl DataDir {
    /// The directory at `path`, whether it exists or not, with backups in `backups`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { backups: path.join("backups"), path, allow_new: false, progress: || Arc::new(()) }
    }

    /// The same with its backups in another directory.
    #[must_use]
    pub fn with_backups(self, backups: impl Into<PathBuf>) -> Self {
        Self { backups: backups.into(), ..self }
    }

    /// The same, where a new database may be made although there was one before.
    #[must_use]
    pub fn allowing_new_database(self) -> Self {
        Self { allow_new: true, ..self }
    }

    /// The same with something that looks on while its database is upgraded.
    #[must_use]
    pub fn with_progress(self, progress: fn() -> Arc<dyn Watch>) -> Self {
        Self { progress, ..self }
    }

    /// Where the directory is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its backups are, if nowhere else was asked for.
    pub fn backups(&self) -> &Path {
        &self.backups
    }

    /// The database file: `pivotal.db`, or the file that it is a link to.
    pub fn database(&self) -> PathBuf {
        let path = self.database_entry();
        match fs::read_link(&path) {
            Ok(_) => fs::canonicalize(&path).unwrap_or(path),
            Err(_) => path,
        }
    }

    /// The name of the database in the directory, a link or not.
    pub(in crate::store) fn database_entry(&self) -> PathBuf {
        self.path.join(names::DATABASE)
    }

    /// Makes sure that no other server uses the database. The directory is made when it does not
    /// exist.
    ///
    /// # Errors
    /// [`OpenError::InUse`], or why the directory cannot be used.
    pub fn lock_for_serving(&self) -> Result<ServeLock, OpenError> {
        self.create_dir()?;
        ServeLock::acquire(&self.database())
    }

    /// Keeps everybody else from opening the database. The directory is made when it does not
    /// exist.
    ///
    /// # Errors
    /// [`OpenError::Locked`], or why the directory cannot be used.
    pub(in crate::store) fn lock_exclusively(&self) -> Result<OpenLock, OpenError> {
        self.create_dir()?;
        OpenLock::acquire(&self.database(), LockMode::Exclusive)
    }

    /// Opens the database for writing, upgraded if it was of an older version. A file that is not
    /// ours, or newer than this binary, is refused without being touched.
    ///
    /// # Errors
    /// Every variant of [`OpenError`] but [`OpenError::InUse`].
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
            let conn = sqlite::open_writer(&database)?;
            let failed = |source| OpenError::sqlite(&database, source);
            // Again, now with what is in the write-ahead log.
            header::check_connection(&conn, &database)?;
            if schema::version(&conn).map_err(failed)? < schema::VERSION {
                drop((conn, lock));
                self.upgrade(&database, serving)?;
                continue;
            }
            let id = identity::id(&conn).map_err(failed)?;
            if let Err(error) = lock.record_database_id(&id) {
                log::warn!("cannot note down the id of {}: {error}", database.display());
            }
            return Ok((conn, lock));
        }
    }

    /// Opens the database for reading, whatever its version, and leaves it as it is.
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

    /// Removes what processes that were killed have left, and warns when others on the machine can
    /// read the data. For the start of a server.
    pub(in crate::store) fn clean_up(&self, _serving: &ServeLock, _open: &OpenLock) {
        let database = self.database();
        if let Err(error) = leftovers::remove_drafts(&database) {
            log::warn!("cannot remove what a command that was killed left behind: {error}");
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

    /// Whether there is a database, which has one name after this. Takes `open.lock` if it has
    /// more, so the caller must not hold it.
    fn has_database(&self, database: &Path) -> Result<bool, OpenError> {
        let names = count_names(database)?;
        if names > 1 {
            // SQLite keeps log and locks by name, so that a file with two names has two of each.
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

    /// Makes a new database, unless someone else has.
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
        // Made under another name and renamed when complete, so that a crash leaves no half of it.
        let draft = with_suffix(database, names::NEW);
        let io = |source| OpenError::io(&draft, source);
        leftovers::set_wal_aside(database).map_err(io)?;
        leftovers::remove_draft(&draft).map_err(io)?;
        drop(create_private(&draft).map_err(io)?);
        let failed = |source| OpenError::sqlite(&draft, source);
        let mut conn = Connection::open(&draft).map_err(failed)?;
        schema::create(&mut conn).map_err(failed)?;
        let id = identity::id(&conn).map_err(failed)?;
        conn.close().map_err(|(_, source)| failed(source))?;
        fs::rename(&draft, database).map_err(|source| OpenError::io(database, source))?;
        // The database exists from here on: what fails now does not undo that.
        if let Err(error) = sync_dir_of(database).and_then(|()| lock.record_database_id(&id)) {
            log::warn!(
                "{} is new, and not certain to outlive a power cut: {error}",
                database.display()
            );
        }
        Ok(())
    }

    /// Upgrades, unless someone else has.
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

    fn create_dir(&self) -> Result<(), OpenError> {
        super::create_private_dir(&self.path).map_err(|source| OpenError::io(&self.path, source))
    }
}

/// How many names a file has; 0 when there is none at this path.
fn count_names(path: &Path) -> Result<u64, OpenError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
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
