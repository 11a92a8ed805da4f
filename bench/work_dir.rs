//! The directory for the files of a run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::Outcome;

/// A directory for the files of a run, locked against other runs. It is removed at the end. If a
/// run is interrupted, the next one removes it.
pub struct WorkDir {
    pub dir: PathBuf,
    _lock: File,
}

impl WorkDir {
    pub fn create_in(parent: &Path) -> Outcome<Self> {
        fs::create_dir_all(parent)?;
        // Absolute, because the server is started in another directory.
        let parent = parent.canonicalize()?;
        let lock = File::create(parent.join("bench.lock"))?;
        lock.try_lock().map_err(|_| format!("another run is using {}", parent.display()))?;
        let dir = parent.join("bench-run");
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir(&dir)?;
        Ok(Self { dir, _lock: lock })
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            eprintln!("cannot remove {}: {error}", self.dir.display());
        }
    }
}
