//! Backups: one at a time to a file of a person's choice, or a series of them in a directory of
//! which the newest are kept. For `cli` and for whoever takes them on schedule.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::contents::Contents;
use super::copy::{self, Watch};
use super::error::{CopyError, OpenError};
use super::files::{self, DataDir};
use super::{Store, sqlite};
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
    /// returns, the copy has passed every check and is on disk. For a process that does not have
    /// the database open.
    ///
    /// # Errors
    /// See [`CopyError`]; no file of that name exists then, unless it did before.
    pub fn backup(&self, to: &Path, watch: &Arc<dyn Watch>) -> Result<Kept, CopyError> {
        refuse_taken(to)?;
        let (mut source, _lock) = self.open_to_read()?;
        make(&mut source, to, watch)
    }
}

impl Store {
    /// The same for the process that has the database open: it must not open the file but through
    /// SQLite, and waits for nobody's lock.
    ///
    /// # Errors
    /// See [`CopyError`]; no file of that name exists then, unless it did before.
    pub fn backup(&self, to: &Path, watch: &Arc<dyn Watch>) -> Result<Kept, CopyError> {
        refuse_taken(to)?;
        self.presence.confirm()?;
        let database = self.dir.database();
        let mut source = sqlite::open_reader(&database)
            .map_err(|source| OpenError::sqlite(&database, source))?;
        files::check_header(&source, &database)?;
        make(&mut source, to, watch)
    }
}

fn refuse_taken(to: &Path) -> Result<(), CopyError> {
    if to.is_dir() {
        return Err(CopyError::Directory(to.to_owned()));
    }
    if to.exists() {
        return Err(CopyError::Exists(to.to_owned()));
    }
    Ok(())
}

fn make(source: &mut Connection, to: &Path, watch: &Arc<dyn Watch>) -> Result<Kept, CopyError> {
    let draft = files::beside(to, files::PARTIAL);
    copy::copy(source, &draft, watch)?;
    copy::rename(&draft, to)?;
    let bytes = fs::metadata(to).map_err(|source| CopyError::io(to, source))?.len();
    Ok(Kept { path: to.to_owned(), bytes, contents: Contents::of(to)? })
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

    /// Makes a backup of the database, and then removes the oldest ones beyond those that are kept.
    /// Files with other names are left alone.
    ///
    /// # Errors
    /// See [`CopyError`]; no backup was removed then, unless removing was what failed.
    pub fn make(
        &self,
        store: &Store,
        now: Timestamp,
        watch: &Arc<dyn Watch>,
    ) -> Result<Kept, CopyError> {
        files::make_dir(&self.path).map_err(|source| CopyError::io(&self.path, source))?;
        self.remove_drafts().map_err(|source| CopyError::io(&self.path, source))?;
        let kept = store.backup(&self.path.join(files::backup_name(now)), watch)?;
        self.prune().map_err(|source| CopyError::io(&self.path, source))?;
        Ok(kept)
    }

    /// What a process that was killed has left.
    fn remove_drafts(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.strip_suffix(files::PARTIAL).and_then(files::backup_time).is_some() {
                files::remove_draft(&path)?;
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
            if let Some(time) = files::backup_time(&name) {
                found.push((time, path));
            }
        }
        found.sort();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::SystemClock;

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
        let store = Store::open_or_create(&data, Arc::new(SystemClock)).unwrap();
        let backups = BackupDir::new(dir.path().join("backups"), 2);
        assert_eq!(backups.newest().unwrap(), None);
        let watch: Arc<dyn Watch> = Arc::new(());
        backups.make(&store, time("2026-01-01T10:00:00.9Z"), &watch).unwrap();
        for theirs in ["pivotal-old.db", "pivotal-20250101T000000Z.db.partial", "notes.txt"] {
            fs::write(dir.path().join("backups").join(theirs), "theirs").unwrap();
        }
        backups.make(&store, time("2026-01-02T10:00:00Z"), &watch).unwrap();
        backups.make(&store, time("2026-01-03T10:00:00Z"), &watch).unwrap();
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
