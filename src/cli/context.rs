//! What a command is given, and how it opens the database.

use std::sync::Arc;

use super::failure::Failure;
use super::output::Output;
use super::progress::Progress;
use crate::model::clock::SystemClock;
use crate::settings::{LoadedSettings, Settings};
use crate::store::{DataDir, ReadOnly, Store};

/// What every command needs to know.
pub(super) struct Context {
    pub loaded: LoadedSettings,
    pub dir: DataDir,
    pub output: Output,
}

impl Context {
    /// Opens the database for a command that changes it.
    pub fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.dir, Arc::new(SystemClock))?)
    }

    /// Opens the database for a command that leaves it as it is.
    pub fn store_to_read(&self) -> Result<ReadOnly, Failure> {
        Ok(ReadOnly::open(&self.dir)?)
    }
}

/// Where the settings put the database and its backups.
pub(super) fn data_dir(settings: &Settings) -> DataDir {
    let dir = DataDir::new(&settings.data_dir).with_progress(Progress::for_upgrade);
    match &settings.backup.dir {
        Some(backups) => dir.with_backups(backups),
        None => dir,
    }
}
