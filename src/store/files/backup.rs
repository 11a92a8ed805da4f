//! Backups: single ones, to a path that the caller chooses, and a directory of dated ones, of which
//! the newest are kept. For `cli` and the backup schedule.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::contents::Contents;
use super::copy;
use super::watch::Watch;
use crate::model::values::time::Timestamp;
use crate::store::Store;
use crate::store::engine::sqlite::database::SqliteDatabase;
use crate::store::engine::sqlite::{connection, identity};
use crate::store::error::{CopyError, CopyWarning, OpenError};
use crate::store::files::{self, DataDir};

#[derive(Debug)]
pub struct FinishedBackup {
    pub path: PathBuf,
    pub bytes: u64,
    pub contents: Contents,
    /// Failures that do not affect the backup itself.
    pub warnings: Vec<CopyWarning>,
    /// Backups of other databases in the same directory. They are never removed.
    pub foreign: Vec<PathBuf>,
}

impl DataDir {
    /// Copies the current state of the database to a new file, while others read and write it. When
    /// this returns, the copy has passed every check and is on disk, unless a warning says
    /// otherwise. For a process that does not have the database open.
    ///
    /// # Errors
    /// See [`CopyError`]. No new file is left behind.
    pub fn backup(&self, to: &Path, watch: &Arc<dyn Watch>) -> Result<FinishedBackup, CopyError> {
        ensure_path_is_free(to)?;
        let (mut source, _lock) = self.open_to_read()?;
        make(&mut source, to, watch)
    }
}

impl SqliteDatabase {
    /// Like [`DataDir::backup`], for the process that has the database open. Such a process must
    /// not open the file other than through SQLite, and does not wait for locks.
    ///
    /// # Errors
    /// See [`CopyError`]. No new file is left behind.
    pub fn backup(&self, to: &Path, watch: &Arc<dyn Watch>) -> Result<FinishedBackup, CopyError> {
        ensure_path_is_free(to)?;
        self.ensure_in_place()?;
        let database = self.dir().database();
        let mut source = connection::open_reader(&database)
            .map_err(|source| OpenError::sqlite(&database, source))?;
        files::check_connection_header(&source, &database)?;
        make(&mut source, to, watch).inspect_err(|error| {
            // The damage may be in the database, or only on the disk of the copy.
            if matches!(error, CopyError::CopyDamaged { .. }) {
                self.check_in_background();
            }
        })
    }
}

fn ensure_path_is_free(to: &Path) -> Result<(), CopyError> {
    if to.is_dir() {
        return Err(CopyError::IsDirectory(to.to_owned()));
    }
    if is_taken(to) {
        return Err(CopyError::Exists(to.to_owned()));
    }
    Ok(())
}

fn make(
    source: &mut Connection,
    to: &Path,
    watch: &Arc<dyn Watch>,
) -> Result<FinishedBackup, CopyError> {
    let draft = files::with_suffix(to, files::PARTIAL);
    copy::copy(source, &draft, watch)?;
    // Everything that can fail must happen before the rename.
    let described = describe(&draft);
    let renamed = described.and_then(|described| Ok((described, copy::publish(&draft, to)?)));
    let ((bytes, contents), warning) = renamed.inspect_err(|_| {
        // Report the first error, not the one from cleaning up.
        let _ = files::remove_draft(&draft);
    })?;
    let warnings = warning.into_iter().collect();
    Ok(FinishedBackup { path: to.to_owned(), bytes, contents, warnings, foreign: Vec::new() })
}

/// Returns the size and contents of a finished draft.
fn describe(draft: &Path) -> Result<(u64, Contents), CopyError> {
    let bytes = fs::metadata(draft).map_err(|source| CopyError::io(draft, source))?.len();
    Ok((bytes, Contents::count(draft)?))
}

/// Whether nothing exists at the path and no backup is being made for it.
fn is_free(path: &Path) -> bool {
    !is_taken(path) && !is_taken(&files::with_suffix(path, files::PARTIAL))
}

/// Whether anything exists at the path, including a dangling link.
fn is_taken(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// A directory of backups whose file names contain their creation time.
#[derive(Clone, Debug)]
pub struct BackupDir {
    path: PathBuf,
    keep: usize,
    /// Whether to create the directory if it is missing.
    create: bool,
}

/// The backups in a directory.
#[derive(Clone, Debug, Default)]
pub struct BackupList {
    /// Backups dated up to now, oldest first.
    past: Vec<(Timestamp, PathBuf)>,
    /// Backups dated in the future: the clock was wrong when they were made, or it is wrong now.
    pub ahead: Vec<PathBuf>,
}

impl BackupList {
    /// The newest backup of the database with this ID, and when it was made, ignoring those dated in
    /// the future.
    pub fn newest_for(&self, id: &str) -> Option<&(Timestamp, PathBuf)> {
        self.past.iter().rev().find(|(_, path)| !is_foreign(path, id))
    }
}

/// Whether a backup is of a different database than the one with this ID. False if the backup can't
/// be read or is from before databases had IDs.
fn is_foreign(path: &Path, id: &str) -> bool {
    let found = files::open_backup(path).ok().and_then(|conn| identity::id(&conn).ok());
    found.is_some_and(|found| found != id)
}

impl BackupDir {
    /// A directory that must exist, in which the newest `keep` backups are kept. It is not created,
    /// because a missing directory may be a disk that is not mounted.
    pub fn existing(path: impl Into<PathBuf>, keep: usize) -> Self {
        Self { path: path.into(), keep, create: false }
    }

    /// The `backups` directory of a data directory, which is created if it is missing.
    pub fn within(data: &DataDir, keep: usize) -> Self {
        Self { path: data.backups().to_owned(), keep, create: true }
    }

    /// Makes a backup of the database, then removes its oldest backups beyond the number to keep.
    /// Leaves alone files with other names, backups dated in the future, and backups of other
    /// databases: a new, empty database must not displace the backups of one that was lost. Nor does
    /// it remove the backup for which `is_in_use` returns true.
    ///
    /// # Errors
    /// See [`CopyError`]. No backup was removed.
    pub fn make(
        &self,
        store: &Store,
        now: Timestamp,
        watch: &Arc<dyn Watch>,
        is_in_use: impl Fn(&Path) -> bool,
    ) -> Result<FinishedBackup, CopyError> {
        if self.create {
            files::create_private_dir(&self.path)
                .map_err(|source| CopyError::io(&self.path, source))?;
        } else if matches!(self.path.try_exists(), Ok(false)) {
            return Err(CopyError::NoDirectory(self.path.clone()));
        }
        let files = store.database.sqlite().ok_or(CopyError::NotFiles)?;
        let id = store.read(|reader| reader.database_id())?;
        let mut warnings = self.remove_drafts();
        let (time, path) = self.free_name(now);
        let mut backup = files.backup(&path, watch)?;
        backup.warnings.append(&mut warnings);
        let (mut own, foreign) = self.find_surplus(time, &id);
        backup.foreign = foreign;
        if let Ok(own) = &mut own {
            own.retain(|path| !is_in_use(path));
        }
        backup.warnings.extend(self.remove(own, files::remove_if_exists));
        Ok(backup)
    }

    /// Returns a name for a backup made now. Uses the first second whose name is free: two backups
    /// may be made within a second, and the clock may have been set back.
    fn free_name(&self, now: Timestamp) -> (Timestamp, PathBuf) {
        let candidate = |seconds| {
            let time = now.plus_millis(seconds * 1000_i64);
            (time, self.path.join(files::backup_name(time)))
        };
        // If all of them are taken, use the first one, so that the backup fails with the reason.
        (0..3600).map(candidate).find(|(_, path)| is_free(path)).unwrap_or_else(|| candidate(0))
    }

    /// Removes incomplete backups left behind by processes that were killed.
    fn remove_drafts(&self) -> Vec<CopyWarning> {
        let drafts = self.names().map(|names| {
            let is_draft = |name: &str| {
                name.strip_suffix(files::PARTIAL).and_then(files::backup_time).is_some()
            };
            names
                .into_iter()
                .filter(|name| is_draft(name))
                .map(|name| self.path.join(name))
                .collect()
        });
        // A draft that another process is still writing stays.
        self.remove(drafts, |path| files::remove_draft(path).map(drop))
    }

    /// Returns the oldest backups of the database with this ID beyond the number to keep, and the
    /// backups of other databases. Both are empty if there are too few backups to remove any.
    fn find_surplus(&self, now: Timestamp, id: &str) -> (io::Result<Vec<PathBuf>>, Vec<PathBuf>) {
        let past = match self.list(now) {
            Ok(series) => series.past,
            Err(error) => return (Err(error), Vec::new()),
        };
        if past.len() <= self.keep {
            return (Ok(Vec::new()), Vec::new());
        }
        let paths = past.into_iter().map(|(_, path)| path);
        let (foreign, mut own): (Vec<_>, Vec<_>) = paths.partition(|path| is_foreign(path, id));
        own.truncate(own.len().saturating_sub(self.keep));
        (Ok(own), foreign)
    }

    /// Removes as many of these files as possible, and returns a warning for each of the others.
    fn remove(
        &self,
        paths: io::Result<Vec<PathBuf>>,
        remove: fn(&Path) -> io::Result<()>,
    ) -> Vec<CopyWarning> {
        let warning = |path, source| CopyWarning::NotRemoved { path, source };
        match paths {
            Ok(paths) => paths
                .into_iter()
                .filter_map(|path| remove(&path).err().map(|source| warning(path, source)))
                .collect(),
            Err(source) => vec![warning(self.path.clone(), source)],
        }
    }

    /// Lists the backups. A missing directory has none.
    ///
    /// # Errors
    /// Fails if the directory cannot be read.
    pub fn list(&self, now: Timestamp) -> io::Result<BackupList> {
        let names = match self.names() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(BackupList::default());
            }
            names => names?,
        };
        let mut series = BackupList::default();
        for name in names {
            match files::backup_time(&name) {
                Some(time) if time > now => series.ahead.push(self.path.join(name)),
                Some(time) => series.past.push((time, self.path.join(name))),
                None => {}
            }
        }
        series.past.sort();
        series.ahead.sort();
        Ok(series)
    }

    /// Returns the names of the files, all that are valid UTF-8. Leaves out links: one may lead to
    /// the database itself, which this process must open only through SQLite.
    fn names(&self) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            let is_link = entry.file_type()?.is_symlink();
            Ok(entry.file_name().into_string().ok().filter(|_| !is_link))
        };
        fs::read_dir(&self.path)?.map(name).filter_map(Result::transpose).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::SystemClock;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn newest(backups: &BackupDir, store: &Store, now: &str) -> Option<Timestamp> {
        let id = store.read(|reader| reader.database_id()).unwrap();
        backups.list(time(now)).unwrap().newest_for(&id).map(|(time, _)| *time)
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_newest_backups_are_kept_and_other_files_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path().join("data"));
        let store = Store::open_or_create(&data, Arc::new(SystemClock)).unwrap();
        fs::create_dir(dir.path().join("backups")).unwrap();
        let backups = BackupDir::existing(dir.path().join("backups"), 2);
        assert_eq!(newest(&backups, &store, "2030-01-01"), None);
        let watch: Arc<dyn Watch> = Arc::new(());
        backups.make(&store, time("2026-01-01T10:00:00.9Z"), &watch, |_| false).unwrap();
        for other in ["pivotal-old.db", "pivotal-20250101T000000Z.db.partial", "notes.txt"] {
            fs::write(dir.path().join("backups").join(other), "other").unwrap();
        }
        backups.make(&store, time("2026-01-02T10:00:00Z"), &watch, |_| false).unwrap();
        backups.make(&store, time("2026-01-03T10:00:00Z"), &watch, |_| false).unwrap();
        assert_eq!(
            names(&dir.path().join("backups")),
            [
                "notes.txt",
                "pivotal-20260102T100000Z.db",
                "pivotal-20260103T100000Z.db",
                "pivotal-old.db"
            ]
        );
        assert_eq!(
            newest(&backups, &store, "2026-01-03T10:00:00Z"),
            Some(time("2026-01-03T10:00:00Z"))
        );
        assert_eq!(newest(&backups, &store, "2026-01-03"), Some(time("2026-01-02T10:00:00Z")));
    }

    #[test]
    fn backups_of_another_database_are_neither_counted_nor_removed() {
        let dir = tempfile::tempdir().unwrap();
        let store = |name: &str| {
            let data = DataDir::new(dir.path().join(name));
            Store::open_or_create(&data, Arc::new(SystemClock)).unwrap()
        };
        let (lost, new) = (store("lost"), store("new"));
        fs::create_dir(dir.path().join("backups")).unwrap();
        let backups = BackupDir::existing(dir.path().join("backups"), 1);
        let watch: Arc<dyn Watch> = Arc::new(());
        backups.make(&lost, time("2026-01-01"), &watch, |_| false).unwrap();
        assert_eq!(newest(&backups, &new, "2030-01-01"), None);
        for day in ["2026-01-02", "2026-01-03"] {
            let backup = backups.make(&new, time(day), &watch, |_| false).unwrap();
            assert_eq!(backup.foreign, [backups.path.join("pivotal-20260101T000000Z.db")]);
        }
        let left = ["pivotal-20260101T000000Z.db", "pivotal-20260103T000000Z.db"];
        assert_eq!(names(&backups.path), left);
        assert_eq!(newest(&backups, &lost, "2030-01-01"), Some(time("2026-01-01")));
    }

    #[test]
    fn each_file_that_cannot_be_removed_causes_one_warning() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path().join("data"));
        let store = Store::open_or_create(&data, Arc::new(SystemClock)).unwrap();
        let backups = BackupDir::within(&data, 1);
        let path = data.path().join("backups");
        fs::create_dir(&path).unwrap();
        // A directory cannot be removed as a file.
        for stuck in ["pivotal-20250101T000000Z.db", "pivotal-20250102T000000Z.db.partial"] {
            fs::create_dir(path.join(stuck)).unwrap();
        }
        fs::write(path.join("pivotal-20250103T000000Z.db"), "").unwrap();
        let backup =
            backups.make(&store, time("2026-01-01"), &(Arc::new(()) as _), |_| false).unwrap();
        let warnings: Vec<String> = backup.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings[0].contains("pivotal-20250102T000000Z.db.partial could not"),
            "{warnings:?}"
        );
        assert!(warnings[1].contains("pivotal-20250101T000000Z.db could not"), "{warnings:?}");
        assert_eq!(
            names(&path),
            [
                "pivotal-20250101T000000Z.db",
                "pivotal-20250102T000000Z.db.partial",
                "pivotal-20260101T000000Z.db"
            ]
        );
    }

    /// Stops immediately.
    struct StopAtOnce;

    impl Watch for StopAtOnce {
        fn should_stop(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_canceled_backup_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path().join("data"));
        drop(Store::open_or_create(&data, Arc::new(SystemClock)).unwrap());
        let watch: Arc<dyn Watch> = Arc::new(StopAtOnce);
        let stopped = data.backup(&dir.path().join("copy.db"), &watch).unwrap_err();
        assert!(matches!(stopped, CopyError::Stopped), "{stopped}");
        assert_eq!(names(dir.path()), ["data"]);
    }
}
