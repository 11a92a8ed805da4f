//! The locks of a data directory. `serve.lock` is held by the one server. `open.lock` is shared by
//! all that open the database; making, upgrading and replacing it need it for themselves. Both are
//! files beside the database itself, so that two data directories whose `pivotal.db` is a link to
//! the same file share them.
//!
//! They are flock(2) locks, which belong to an open file and end with it, unlike those that SQLite
//! takes. `open.lock` also holds the id of the database that was there last.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::lock_holders::{Lock, lock_holders};
use super::owner;
use crate::store::error::OpenError;

/// How long anyone waits for a lock before the message names its holder. In real time, not by the
/// clock of the store: another process has to let go.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Held by the one server that runs on a database, until the process ends.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

/// Held while the database is open, so that nobody replaces it: shared, or for one process alone.
/// None where the lock file cannot be created, in a directory that only can be read.
#[derive(Debug)]
pub(in crate::store) struct OpenLock {
    file: Option<File>,
}

/// Whether a lock is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockMode {
    Shared,
    Exclusive,
}

impl ServeLock {
    /// Takes the lock of the database at `database`.
    ///
    /// # Errors
    /// [`OpenError::InUse`], and what creating the lock file reports.
    pub(super) fn acquire(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database, "serve.lock");
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
}

impl OpenLock {
    /// Takes the lock of the database at `database`, and waits for it if it has to.
    ///
    /// # Errors
    /// [`OpenError::Locked`] after ten seconds, and what creating the lock file reports.
    pub(super) fn acquire(database: &Path, hold: LockMode) -> Result<Self, OpenError> {
        let path = lock_path(database, "open.lock");
        Self::wait(open(&path)?, &path, hold)
    }

    /// The same for a process that only reads, which may have no permission to create the file.
    ///
    /// # Errors
    /// Those of [`OpenLock::take`].
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

    fn wait(file: File, path: &Path, hold: LockMode) -> Result<Self, OpenError> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            let taken = match hold {
                LockMode::Shared => file.try_lock_shared(),
                LockMode::Exclusive => file.try_lock(),
            };
            match taken {
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

    /// Writes the id of the database into the lock file, unless it is there: from then on, a start
    /// that finds no database knows that there was one.
    pub(super) fn record_database_id(&self, id: &str) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        let mut found = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut found)?;
        if found.trim_ascii_end() != id.as_bytes() {
            // The ids have the same length, so that the file is never without one.
            file.rewind()?;
            writeln!(file, "{id}")?;
            file.sync_all()?;
        }
        Ok(())
    }

    /// The id of the database that was here last, if there was one.
    pub(super) fn last_database_id(database: &Path) -> Option<String> {
        let text = std::fs::read_to_string(lock_path(database, "open.lock")).ok()?;
        let id = text.trim();
        (!id.is_empty()).then(|| id.to_owned())
    }
}

/// Beside the database. One of another name, which a link leads to, has locks of its own.
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
