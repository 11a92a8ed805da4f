//! The data directory: finding, making, upgrading and opening its database.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::locks::{Hold, OpenLock, ServeLock};
use super::watch::Watch;
use super::{beside, create_private, header, leftovers, names, owner, sync_dir_of, traces};
use crate::store::engine::{identity, schema, sqlite};
use crate::store::error::OpenError;
use crate::store::upgrade;

/// A directory that holds one database.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
    backups: PathBuf,
    /// Whether a new database is made where there are traces of an earlier one.
    forgets: bool,
    /// Makes what looks on while the database is upgraded.
    progress: fn() -> Arc<dyn Watch>,
}

/// Whether a database has to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Existing {
    /// It has to.
    Required,
    /// A new one is made where there is none.
    Optional,
}

impl DataDir {
    /// The directory at `path`, whether it exists or not, with backups in `backups`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { backups: path.join("backups"), path, forgets: false, progress: || Arc::new(()) }
    }

    /// The same with its backups in another directory.
    #[must_use]
    pub fn with_backups(self, backups: impl Into<PathBuf>) -> Self {
        Self { backups: backups.into(), ..self }
    }

    /// The same, where a new database may be made although there was one before.
    #[must_use]
    pub fn forgetting(self) -> Self {
        Self { forgets: true, ..self }
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
        let path = self.named();
        match fs::read_link(&path) {
            Ok(_) => fs::canonicalize(&path).unwrap_or(path),
            Err(_) => path,
        }
    }

    /// The name of the database in the directory, a link or not.
    pub(in crate::store) fn named(&self) -> PathBuf {
        self.path.join(names::DATABASE)
    }

    /// Makes sure that no other server uses the database. The directory is made when it does not
    /// exist.
    ///
    /// # Errors
    /// [`OpenError::InUse`], or why the directory cannot be used.
    pub fn lock_for_serving(&self) -> Result<ServeLock, OpenError> {
        self.make()?;
        ServeLock::take(&self.database())
    }

    /// Keeps everybody else from opening the database. The directory is made when it does not
    /// exist.
    ///
    /// # Errors
    /// [`OpenError::Locked`], or why the directory cannot be used.
    pub(in crate::store) fn lock_alone(&self) -> Result<OpenLock, OpenError> {
        self.make()?;
        OpenLock::take(&self.database(), Hold::Alone)
    }

    /// Opens the database for writing, upgraded if it was of an older version. A file that is not
    /// ours, or newer than this binary, is refused without being touched.
    ///
    /// # Errors
    /// Every variant of [`OpenError`] but [`OpenError::InUse`].
    pub(in crate::store) fn open(
        &self,
        existing: Existing,
        serving: Option<&ServeLock>,
    ) -> Result<(Connection, OpenLock), OpenError> {
        if existing == Existing::Optional {
            self.make()?;
        }
        loop {
            let database = self.database();
            if !self.find(&database)? {
                if existing == Existing::Required {
                    return Err(OpenError::Missing(self.path.clone()));
                }
                self.create(&database)?;
            }
            let lock = OpenLock::take(&database, Hold::Shared)?;
            header::read(&database)?;
            let conn = sqlite::open_writer(&database)?;
            let failed = |source| OpenError::sqlite(&database, source);
            // Again, now with what is in the write-ahead log.
            header::check(&conn, &database)?;
            if schema::version(&conn).map_err(failed)? < schema::VERSION {
                drop((conn, lock));
                self.upgrade(&database, serving)?;
                continue;
            }
            let id = identity::id(&conn).map_err(failed)?;
            if let Err(error) = lock.remember(&id) {
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
        if !self.find(&database)? {
            return Err(OpenError::Missing(self.path.clone()));
        }
        let lock = OpenLock::take_to_read(&database)?;
        Ok((header::open_live(&database)?, lock))
    }

    /// Removes what processes that were killed have left, and warns when others on the machine can
    /// read the data. For the start of a server.
    pub(in crate::store) fn tidy(&self, _serving: &ServeLock, _open: &OpenLock) {
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
    fn find(&self, database: &Path) -> Result<bool, OpenError> {
        let names = names_of(database)?;
        if names > 1 {
            // SQLite keeps log and locks by name, so that a file with two names has two of each.
            let _alone = OpenLock::take(database, Hold::Alone)?;
            leftovers::undo_replacing(database)
                .map_err(|source| OpenError::io(database, source))?;
            let names = names_of(database)?;
            if names > 1 {
                return Err(OpenError::Linked { path: database.to_owned(), names });
            }
        }
        Ok(names > 0)
    }

    /// Makes a new database, unless someone else has.
    fn create(&self, database: &Path) -> Result<(), OpenError> {
        let lock = OpenLock::take(database, Hold::Alone)?;
        if names_of(database)? > 0 {
            return Ok(());
        }
        if !self.forgets
            && let Some(trace) = traces::find(database, &self.backups)
        {
            return Err(OpenError::Gone { path: database.to_owned(), trace });
        }
        // Made under another name and renamed when complete, so that a crash leaves no half of it.
        let draft = beside(database, names::NEW);
        let io = |source| OpenError::io(&draft, source);
        leftovers::put_log_aside(database).map_err(io)?;
        leftovers::remove_draft(&draft).map_err(io)?;
        drop(create_private(&draft).map_err(io)?);
        let failed = |source| OpenError::sqlite(&draft, source);
        let mut conn = Connection::open(&draft).map_err(failed)?;
        schema::create(&mut conn).map_err(failed)?;
        let id = identity::id(&conn).map_err(failed)?;
        conn.close().map_err(|(_, source)| failed(source))?;
        fs::rename(&draft, database).map_err(|source| OpenError::io(database, source))?;
        // The database exists from here on: what fails now does not undo that.
        if let Err(error) = sync_dir_of(database).and_then(|()| lock.remember(&id)) {
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
            None => Some(ServeLock::take(database).map_err(|error| match error {
                OpenError::InUse { .. } => OpenError::UpgradeInUse(database.to_owned()),
                other => other,
            })?),
        };
        let _alone = OpenLock::take(database, Hold::Alone)?;
        upgrade::run(database, &(self.progress)())
    }

    fn make(&self) -> Result<(), OpenError> {
        super::make_dir(&self.path).map_err(|source| OpenError::io(&self.path, source))
    }
}

/// How many names a file has; 0 when there is none at this path.
fn names_of(path: &Path) -> Result<u64, OpenError> {
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
