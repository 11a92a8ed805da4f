//! Remembers which backup was handed over last, so that a restarted server hands over the newest one
//! that wasn't, and no other.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{create_private, names, remove_if_exists, sync_dir_of, with_suffix};
use crate::store::files::DataDir;

impl DataDir {
    /// Whether this backup was the last one for which
    /// [`DataDir::record_handed_over`] was called.
    ///
    /// # Errors
    /// Fails if the record can't be read.
    pub fn was_handed_over(&self, backup: &Path) -> io::Result<bool> {
        match fs::read_to_string(self.handed_over_record()) {
            Ok(name) => Ok(backup.file_name() == Some(OsStr::new(name.trim_end()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Remembers the backup that was handed over last.
    ///
    /// # Errors
    /// Fails if the record can't be written. The earlier one is kept.
    pub fn record_handed_over(&self, backup: &Path) -> io::Result<()> {
        let record = self.handed_over_record();
        let draft = with_suffix(&record, names::NEW);
        remove_if_exists(&draft)?;
        let name = backup.file_name().unwrap_or_default().to_string_lossy();
        let mut file = create_private(&draft)?;
        writeln!(file, "{name}")?;
        file.sync_all()?;
        fs::rename(&draft, &record)?;
        sync_dir_of(&record)
    }

    /// The file with the name of the last one.
    pub(in crate::store) fn handed_over_record(&self) -> PathBuf {
        self.path().join(names::HANDED_OVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_backup_counts_as_handed_over() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        let (first, second) = (Path::new("/a/1.db"), Path::new("/a/2.db"));
        assert!(!data.was_handed_over(first).unwrap());
        for backup in [first, second] {
            data.record_handed_over(backup).unwrap();
            assert!(data.was_handed_over(backup).unwrap());
        }
        assert!(!data.was_handed_over(first).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
