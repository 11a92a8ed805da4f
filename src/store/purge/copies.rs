//! Finds the files next to the database that a purge does not change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::files::{DataDir, SHM, WAL, with_suffix};

const LOCK: &str = ".lock";

impl DataDir {
    /// Returns the files that may contain what was purged from the database: backups, databases from
    /// before an upgrade or a restore, and downloads that were not imported. Looks into the data
    /// directory and the directory of backups.
    ///
    /// # Errors
    /// When a directory can't be read.
    pub fn files_with_copies(&self) -> io::Result<Vec<PathBuf>> {
        let database = self.database();
        let ours = [database.clone(), with_suffix(&database, WAL), with_suffix(&database, SHM)];
        let mut found = files_in(self.path())?;
        match files_in(self.backups()) {
            Ok(backups) => found.extend(backups),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        found.extend(files_of_linked(&database, self.path())?);
        let record = self.handed_over_record();
        found.retain(|path| {
            !ours.contains(path) && *path != self.database_entry() && *path != record
        });
        found.sort();
        found.dedup();
        Ok(found)
    }
}

/// Returns the files that belong to a database elsewhere that `pivotal.db` links to: upgrades and
/// restores keep earlier databases next to it. Other files in that directory are none of ours.
fn files_of_linked(database: &Path, data_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(dir), Some(name)) = (database.parent(), database.file_name()) else {
        return Ok(Vec::new());
    };
    if dir == data_dir {
        return Ok(Vec::new());
    }
    let prefix = format!("{}.", name.to_string_lossy());
    let mut found = files_in(dir)?;
    found.retain(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
    });
    Ok(found)
}

/// Returns the files of a directory that are not empty, without lock files.
fn files_in(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            // Renamed or removed since, such as the draft of a backup.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let is_lock = entry.file_name().to_string_lossy().ends_with(LOCK);
        if metadata.is_file() && metadata.len() > 0 && !is_lock {
            found.push(entry.path());
        }
    }
    Ok(found)
}
