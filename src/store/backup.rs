//! Backups: one at a time to a file of a person's choice, or a series of them in a directory of
//! which the newest are kept. For `cli` and for whoever takes them on schedule.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contents::Contents;
use super::copy::{self, Watch};
use super::error::CopyError;
use super::files::{self, DataDir};
use crate::model::time::Timestamp;

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// What it holds.
    pub contents: Contents,
}

impl DataDir {
    /// Copies the database as it is now to a new file, while others read and write it. When this
    /// returns, the copy has passed every check and is on disk.
    ///
    /// # Errors
    /// See [`CopyError`]; no file of that name exists then, unless it did before.
    pub fn backup(&self, to: &Path, watch: &Arc<dyn Watch>) -> Result<Kept, CopyError> {
        if to.is_dir() {
            return Err(CopyError::Directory(to.to_owned()));
        }
        if to.exists() {
            return Err(CopyError::Exists(to.to_owned()));
        }
        let mut source = self.open_to_read()?;
        let draft = files::beside(to, ".partial");
        copy::copy(&mut source, &draft, watch)?;
        copy::rename(&draft, to)?;
        let bytes = fs::metadata(to).map_err(|source| CopyError::io(to, source))?.len();
        Ok(Kept { path: to.to_owned(), bytes, contents: Contents::of(to)? })
    }
}

/// A directory with backups that carry the time of their making in their names.
#[derive(Clone, Debug)]
pub struct BackupDir {
    path: PathBuf,
    keep: usize,
}

impl BackupDir {
    /// The directory at `path`, in which so many backups are kept.
    pub fn new(path: impl Into<PathBuf>, keep: usize) -> Self {
        Self { path: path.into(), keep }
    }

    /// When the newest of its backups was made.
    ///
    /// # Errors
    /// When the directory exists and cannot be read.
    pub fn newest(&self) -> io::Result<Option<Timestamp>> {
        Ok(self.all()?.last().map(|(time, _)| *time))
    }

    /// Makes a backup of `data`, and then removes the oldest ones beyond those that are kept.
    /// Files with other names are left alone.
    ///
    /// # Errors
    /// See [`CopyError`]; no backup was removed then, unless removing was what failed.
    pub fn make(
        &self,
        data: &DataDir,
        now: Timestamp,
        watch: &Arc<dyn Watch>,
    ) -> Result<Kept, CopyError> {
        files::make_dir(&self.path).map_err(|source| CopyError::io(&self.path, source))?;
        self.remove_drafts().map_err(|source| CopyError::io(&self.path, source))?;
        let kept = data.backup(&self.path.join(name(now)), watch)?;
        self.prune().map_err(|source| CopyError::io(&self.path, source))?;
        Ok(kept)
    }

    /// What a process that was killed has left.
    fn remove_drafts(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.strip_suffix(".partial").and_then(time_of).is_some() {
                files::remove_if_there(&path)?;
            }
        }
        Ok(())
    }

    fn prune(&self) -> io::Result<()> {
        let all = self.all()?;
        for (_, path) in &all[..all.len().saturating_sub(self.keep)] {
            files::remove_if_there(path)?;
        }
        Ok(())
    }

    /// Its backups, oldest first.
    fn all(&self) -> io::Result<Vec<(Timestamp, PathBuf)>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(time) = time_of(&name) {
                found.push((time, path));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// `pivotal-20261124T170520Z.db`: names sort by time, and no file system objects to them.
fn name(time: Timestamp) -> String {
    format!("pivotal-{}.db", time.to_compact())
}

fn time_of(name: &str) -> Option<Timestamp> {
    Timestamp::from_compact(name.strip_prefix("pivotal-")?.strip_suffix(".db")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SystemClock;
    use crate::store::Store;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_newest_are_kept_and_files_of_others_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path().join("data"));
        drop(Store::open_or_create(&data, Arc::new(SystemClock)).unwrap());
        let backups = BackupDir::new(dir.path().join("backups"), 2);
        assert_eq!(backups.newest().unwrap(), None);
        let watch: Arc<dyn Watch> = Arc::new(());
        backups.make(&data, time("2026-01-01T10:00:00.9Z"), &watch).unwrap();
        for theirs in ["pivotal-old.db", "pivotal-20250101T000000Z.db.partial", "notes.txt"] {
            fs::write(dir.path().join("backups").join(theirs), "theirs").unwrap();
        }
        backups.make(&data, time("2026-01-02T10:00:00Z"), &watch).unwrap();
        backups.make(&data, time("2026-01-03T10:00:00Z"), &watch).unwrap();
        assert_eq!(
            names(&dir.path().join("backups")),
            [
                "notes.txt",
                "pivotal-20260102T100000Z.db",
                "pivotal-20260103T100000Z.db",
                "pivotal-old.db"
            ]
        );
        assert_eq!(backups.newest().unwrap(), Some(time("2026-01-03T10:00:00Z")));
    }

    /// Ends the work at once.
    struct Impatient;

    impl Watch for Impatient {
        fn stop(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_backup_that_is_stopped_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path().join("data"));
        drop(Store::open_or_create(&data, Arc::new(SystemClock)).unwrap());
        let watch: Arc<dyn Watch> = Arc::new(Impatient);
        let stopped = data.backup(&dir.path().join("copy.db"), &watch).unwrap_err();
        assert!(matches!(stopped, CopyError::Stopped), "{stopped}");
        assert_eq!(names(dir.path()), ["data"]);
    }
}
