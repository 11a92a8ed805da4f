//! The context of a command: its settings, its database, and its output.

use std::path::Path;
use std::sync::Arc;

use super::output::Output;
use super::output::failure::Failure;
use super::output::progress::Progress;
use crate::model::clock::SystemClock;
use crate::model::database_url::DatabaseUrl;
use crate::settings::{LoadedSettings, Settings};
#[cfg(feature = "postgres")]
use crate::store::PostgresLocation;
use crate::store::{DataDir, Location, ReadOnly, Store};

pub(super) struct Context {
    pub settings: LoadedSettings,
    pub location: Location,
    pub output: Output,
}

impl Context {
    /// Opens the database for reading and writing.
    pub fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.location, Arc::new(SystemClock))?)
    }

    /// Opens the database, or creates it: for commands that can come before the first start.
    pub fn store_or_new(&self) -> Result<(Store, NewDatabase), Failure> {
        let store = Store::open_or_create(&self.location, Arc::new(SystemClock))?;
        let database = NewDatabase { place: self.location.place(), is_new: store.is_new() };
        Ok((store, database))
    }

    /// Opens the database read-only. It is never upgraded.
    pub fn store_to_read(&self) -> Result<ReadOnly, Failure> {
        Ok(ReadOnly::open(&self.location)?)
    }

    /// Returns the data directory with the files of the database. `instead` describes how to do on
    /// PostgreSQL what the command does with these files.
    pub fn files(&self, instead: impl FnOnce(&DatabaseUrl) -> String) -> Result<&DataDir, Failure> {
        let url = self.settings.settings.database.as_ref();
        let on_postgres = || Failure::OnPostgres(url.map(instead).unwrap_or_default());
        self.location.files().ok_or_else(on_postgres)
    }

    /// Returns the directory for temporary files with data. Only SQLite's exists before it is
    /// needed.
    pub fn work_dir(&self) -> Result<&Path, Failure> {
        let dir = &self.settings.settings.data_dir;
        if self.location.files().is_none() {
            DataDir::new(dir).create_dir()?;
        }
        Ok(dir)
    }
}

/// The database of a command that can create it.
pub(super) struct NewDatabase {
    /// The path of the file, or the host, port, and name of the database.
    pub place: String,
    pub is_new: bool,
}

impl NewDatabase {
    /// What to do if the database is new because it is the wrong one.
    pub const ELSEWHERE: &str = "If your server uses another one, pass its directory with \
                                 --data-dir, or set PIVOTAL_DATABASE to its URL.";

    /// Returns a sentence that says so if the database is new, with a space in front.
    pub fn describe(&self) -> String {
        if !self.is_new {
            return String::new();
        }
        format!(" The database {} is new. {}", self.place, Self::ELSEWHERE)
    }
}

/// Returns where the settings say that the database is.
pub(super) fn location(settings: &Settings) -> Location {
    #[cfg(feature = "postgres")]
    if let Some(url) = &settings.database {
        return Location::Postgres(PostgresLocation {
            url: url.clone(),
            require_sync: settings.requires_sync(),
            connections: settings.postgres.connections,
        });
    }
    Location::Files(data_dir(settings))
}

/// Returns the data directory that the settings name, with its backups directory.
fn data_dir(settings: &Settings) -> DataDir {
    let dir = DataDir::new(&settings.data_dir).with_progress(Progress::for_upgrade);
    match &settings.backup.dir {
        Some(backups) => dir.with_backups(backups),
        None => dir,
    }
}
