//! The context of a command: its settings, its data directory, and its output.

use std::path::PathBuf;
use std::sync::Arc;

use super::output::Output;
use super::output::failure::Failure;
use super::output::progress::Progress;
use crate::model::clock::SystemClock;
use crate::settings::{LoadedSettings, Settings};
use crate::store::{DataDir, ReadOnly, Store};

pub(super) struct Context {
    pub settings: LoadedSettings,
    pub dir: DataDir,
    pub output: Output,
}

impl Context {
    /// Opens the database for reading and writing.
    pub fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.dir, Arc::new(SystemClock))?)
    }

    /// Opens the database, or creates it: for commands that can come before the first start.
    pub fn store_or_new(&self) -> Result<(Store, NewDatabase), Failure> {
        let path = self.dir.database();
        let is_new = !path.exists();
        let store = Store::open_or_create(&self.dir, Arc::new(SystemClock))?;
        Ok((store, NewDatabase { path, is_new }))
    }

    /// Opens the database read-only. It is never upgraded.
    pub fn store_to_read(&self) -> Result<ReadOnly, Failure> {
        Ok(ReadOnly::open(&self.dir)?)
    }
}

/// The database of a command that can create it.
pub(super) struct NewDatabase {
    pub path: PathBuf,
    pub is_new: bool,
}

impl NewDatabase {
    /// Returns a sentence that says so if the database is new, with a space in front.
    pub fn describe(&self) -> String {
        if !self.is_new {
            return String::new();
        }
        format!(
            " The database {} is new. If your server uses another one, pass its directory with \
             --data-dir.",
            self.path.display()
        )
    }
}

/// Returns the data directory that the settings name, with its backups directory.
pub(super) fn data_dir(settings: &Settings) -> DataDir {
    let dir = DataDir::new(&settings.data_dir).with_progress(Progress::for_upgrade);
    match &settings.backup.dir {
        Some(backups) => dir.with_backups(backups),
        None => dir,
    }
}
