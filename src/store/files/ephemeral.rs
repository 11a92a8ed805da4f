//! Data directories that exist only as long as their server runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::data_dir::DataDir;
use super::locks::ServeLock;
use super::names;
use crate::store::error::OpenError;

const PREFIX: &str = "pivotal-server-ephemeral-";
/// How old a directory without a lock file must be to be removed. Its server may be about to create
/// the file.
const MIN_AGE: Duration = Duration::from_secs(60 * 60);

/// A temporary data directory, locked for one server. Dropping it removes it with its files.
#[derive(Debug)]
pub struct EphemeralDir {
    lock: ServeLock,
    dir: DataDir,
    temporary: TempDir,
}

impl EphemeralDir {
    /// Creates a directory for this process. Removes those of processes that were killed, on a
    /// thread of its own.
    ///
    /// # Errors
    /// If the directory can't be created.
    pub fn create() -> Result<Self, OpenError> {
        let parent = std::env::temp_dir();
        let io = |source| OpenError::Io { path: parent.clone(), source };
        let temporary = new_dir(&parent).map_err(io)?;
        let lock = ServeLock::acquire_new(&database_in(temporary.path())).map_err(io)?;
        let dir = DataDir::ephemeral(temporary.path().to_owned());
        let leftovers = parent.clone();
        let removal = std::thread::Builder::new().name("leftovers".to_owned());
        if let Err(error) = removal.spawn(move || remove_leftovers(&leftovers)) {
            log::warn!("can't remove what killed ephemeral servers have left: {error}");
        }
        Ok(Self { lock, dir, temporary })
    }

    pub fn data_dir(&self) -> &DataDir {
        &self.dir
    }

    pub fn lock(&self) -> &ServeLock {
        &self.lock
    }

    pub fn path(&self) -> &Path {
        self.temporary.path()
    }
}

fn new_dir(parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent)
}

fn database_in(dir: &Path) -> PathBuf {
    dir.join(names::DATABASE)
}

fn remove_leftovers(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        // Those of other users can't be removed, and another start may be faster.
        if is_ours && let Err(error) = remove_if_abandoned(&entry.path()) {
            log::debug!("can't remove {}: {error}", entry.path().display());
        }
    }
}

fn remove_if_abandoned(dir: &Path) -> io::Result<()> {
    let _lock = match ServeLock::acquire_abandoned(&database_in(dir)) {
        Ok(Some(lock)) => Some(lock),
        Ok(None) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let age = SystemTime::now().duration_since(fs::metadata(dir)?.modified()?);
            if age.is_ok_and(|age| age < MIN_AGE) {
                return Ok(());
            }
            None
        }
        Err(error) => return Err(error),
    };
    fs::remove_dir_all(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_of_processes_that_have_ended_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let dir = |end: &str| parent.path().join(format!("{PREFIX}{end}"));
        for end in ["running", "killed", "starting"] {
            fs::create_dir(dir(end)).unwrap();
        }
        let other = parent.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("serve.lock"), "").unwrap();
        let running = ServeLock::acquire_new(&database_in(&dir("running"))).unwrap();
        drop(ServeLock::acquire_new(&database_in(&dir("killed"))).unwrap());
        remove_leftovers(parent.path());
        let exist = ["running", "killed", "starting"].map(|end| dir(end).exists());
        assert_eq!((exist, other.exists()), ([true, false, true], true));
        drop(running);
        remove_leftovers(parent.path());
        assert!(!dir("running").exists());
    }
}
