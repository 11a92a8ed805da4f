//! The locks of a data directory. `serve.lock` is held by the one server. `open.lock` is shared by
//! all processes that have the database open; creating, upgrading, and replacing the database need
//! it exclusively. Both files are next to the database file itself, so that two data directories
//! whose `pivotal.db` links to the same file share them.
//!
//! These are flock(2) locks. Unlike SQLite's locks, they belong to an open file and are released
//! with it. `open.lock` also contains the ID of the last database that was there.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::lock_holders::{Lock, lock_holders};
use super::owner;
use crate::store::error::OpenError;

/// How long to wait for a lock before failing with the name of its holder. Real time, because it
/// depends on another process.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const SERVE_LOCK: &str = "serve.lock";
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The lock of the one server that runs on a database, held until the process ends.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

/// A lock held while the database is open, so that it is not replaced. Shared or exclusive. `None`
/// if the lock file cannot be created because the directory is read-only.
#[derive(Debug)]
pub(in crate::store) struct OpenLock {
    file: Option<File>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockMode {
    Shared,
    Exclusive,
}

impl ServeLock {
    /// Acquires the lock of this database.
    ///
    /// # Errors
    /// [`OpenError::InUse`], or the error from creating the lock file.
    pub(super) fn acquire(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database, SERVE_LOCK);
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                let server = lock_holders(&path, Lock::Flock).into_iter().next();
                Err(OpenError::InUse { dir: super::dir_of(database).to_owned(), server })
            }
            Err(TryLockError::Error(source)) => Err(OpenError::io(&path, source)),
        }
    }

    /// Acquires the lock of a database that no other process knows yet. The lock file gets its name
    /// once it is locked, so a lock file that is not locked belongs to a process that has ended.
    ///
    /// # Errors
    /// The error from creating the lock file.
    pub(super) fn acquire_new(database: &Path) -> io::Result<Self> {
        let path = lock_path(database, SERVE_LOCK);
        let draft = super::with_suffix(&path, super::names::NEW);
        let file = super::create_private(&draft)?;
        file.try_lock()?;
        std::fs::rename(&draft, &path)?;
        Ok(Self { _file: file })
    }

    /// Acquires the lock of a database whose process has ended. Returns `None` if it is running.
    ///
    /// # Errors
    /// The error from opening the lock file.
    pub(super) fn acquire_abandoned(database: &Path) -> io::Result<Option<Self>> {
        let file = File::open(lock_path(database, SERVE_LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether a process holds the lock of this database. Creates no lock file.
    ///
    /// # Errors
    /// The error from opening the lock file.
    pub(super) fn is_held(database: &Path) -> Result<bool, OpenError> {
        let path = lock_path(database, SERVE_LOCK);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            opened => opened.map_err(|source| OpenError::io(&path, source))?,
        };
        match file.try_lock_shared() {
            // Released at once, with the file.
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(OpenError::io(&path, source)),
        }
    }
}

impl OpenLock {
    /// Acquires the lock of this database, waiting for it if necessary.
    ///
    /// # Errors
    /// [`OpenError::Locked`] after ten seconds, or the error from creating the lock file.
    pub(super) fn acquire(database: &Path, mode: LockMode) -> Result<Self, OpenError> {
        let path = lock_path(database, "open.lock");
        Self::wait(open(&path)?, &path, mode)
    }

    /// Acquires the lock for a process that only reads, which may lack the permission to create the
    /// lock file.
    ///
    /// # Errors
    /// Those of [`OpenLock::acquire`].
    pub(super) fn acquire_for_reading(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database, "open.lock");
        match File::open(&path) {
            Ok(file) => Self::wait(file, &path, LockMode::Shared),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match open(&path) {
                Ok(file) => Self::wait(file, &path, LockMode::Shared),
                Err(_) => Ok(Self { file: None }),
            },
            Err(source) => Err(OpenError::io(&path, source)),
        }
    }

    fn wait(file: File, path: &Path, mode: LockMode) -> Result<Self, OpenError> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            let acquired = match mode {
                LockMode::Shared => file.try_lock_shared(),
                LockMode::Exclusive => file.try_lock(),
            };
            match acquired {
                Ok(()) => return Ok(Self { file: Some(file) }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    thread::sleep(POLL_INTERVAL);
                }
                Err(TryLockError::WouldBlock) => {
                    let holders = lock_holders(path, Lock::Flock);
                    return Err(OpenError::Locked { path: path.to_owned(), holders });
                }
                Err(TryLockError::Error(source)) => return Err(OpenError::io(path, source)),
            }
        }
    }

    /// Writes the database ID to the lock file, unless it is already there. From then on, a
    /// server that starts without a database can tell that there used to be one.
    pub(super) fn record_database_id(&self, id: &str) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        let mut content = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut content)?;
        if content.trim_ascii_end() != id.as_bytes() {
            // All IDs have the same length, so the file always contains one.
            file.rewind()?;
            writeln!(file, "{id}")?;
            file.sync_all()?;
        }
        Ok(())
    }

    /// Returns the ID of the last database that was here, if there was one.
    pub(super) fn last_database_id(database: &Path) -> Option<String> {
        let text = std::fs::read_to_string(lock_path(database, "open.lock")).ok()?;
        let id = text.trim();
        (!id.is_empty()).then(|| id.to_owned())
    }
}

/// Lock files are next to the database file. If a link leads to a file with another name, that file
/// has its own locks.
fn lock_path(database: &Path, name: &str) -> PathBuf {
    let dir = super::dir_of(database);
    match database.file_name() {
        Some(file) if file != super::names::DATABASE => {
            dir.join(format!("{}.{name}", file.to_string_lossy()))
        }
        _ => dir.join(name),
    }
}

fn open(path: &Path) -> Result<File, OpenError> {
    let mut options = File::options();
    options.read(true).write(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map_err(|source| OpenError::io(path, source)),
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|source| OpenError::io(path, source))?;
    owner::give_to_owner_of_dir(path).map_err(|source| OpenError::io(path, source))?;
    Ok(file)
}
