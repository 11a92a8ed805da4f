//! The context of a command: its settings, its data directory, and its output.

use std::sync::Arc;

use super::failure::Failure;
use super::output::Output;
use super::progress::Progress;
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

    /// Opens the database read-only. It is never upgraded.
    pub fn store_to_read(&self) -> Result<ReadOnly, Failure> {
        Ok(ReadOnly::open(&self.dir)?)
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
