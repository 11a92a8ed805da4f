//! All persistent data, in one SQLite database. All SQL is here. The layers above open a [`Store`]
//! and pass it closures, each of which calls one method of [`Reader`] or [`Tx`] per use case.
//! Connections never leave this module. Resources can only be reached through [`WorkspaceReader`]
//! and [`WorkspaceTx`], which are tied to one workspace.

mod admin;
mod audit;
mod blocking;
mod board;
mod contacts;
mod customers;
mod engine;
mod error;
mod event_feed;
mod events;
mod files;
mod first_keys;
mod idempotency;
mod keys;
mod leases;
mod location;
mod moving;
mod onboardings;
mod overview;
mod purge;
mod reader;
mod rows;
mod shared_counts;
mod test_control;
pub mod transfer;
mod tx;
mod upgrade;
pub mod webhooks;
mod workspaces;
mod write_scope;

use std::sync::Arc;

pub use self::admin::account::Account;
pub use self::admin::sessions::{AdminSession, NewAdminSession};
use self::engine::database::Database;
pub use self::engine::database::{ReadOnly, Snapshot};
use self::engine::opened::Opened;
pub use self::engine::read_limit::{AbandonOnDrop, ReadLimit};
pub use self::engine::size::DatabaseSize;
use self::engine::sqlite::database::SqliteDatabase;
use self::engine::sqlite::writer;
pub use self::engine::threads::Threads;
pub use self::engine::write_stats::WriteStats;
pub use self::error::{CopyError, CopyWarning, OpenError, StoreError};
pub use self::files::DataDir;
use self::files::IfMissing;
pub use self::files::backup::{BackupDir, FinishedBackup};
pub use self::files::contents::Contents;
pub use self::files::disk_usage::DiskUsage;
pub use self::files::receive::{BackupStream, is_stream};
pub use self::files::restore::Restored;
pub use self::files::watch::Watch;
pub use self::idempotency::{ExpiredResponses, Replay};
pub use self::keys::Credentials;
#[cfg(feature = "postgres")]
pub use self::location::PostgresLocation;
pub use self::location::{Claim, EngineInfo, Location};
pub use self::moving::{MoveError, Moved, move_database};
pub use self::overview::{Overview, Tally};
pub use self::purge::{
    DeleteError, DeletingWorkspace, DuePart, DueRecords, Erasure, PurgePreview, Purgeable,
    SavedResponses, Unfinished,
};
pub use self::reader::{Reader, WorkspaceReader};
pub use self::rows::document::{Document, Stored};
pub use self::rows::list::{Extent, PageForm};
pub use self::shared_counts::ServerCounts;
pub use self::test_control::{MAX_SNAPSHOTS, StateError};
pub use self::tx::{Recording, Tx, WorkspaceTx};
use self::webhooks::signal::OutboxSignal;
pub use self::workspaces::RenameError;
pub use self::write_scope::WriteScope;
use crate::model::clock::Clock;
use crate::model::key::checksum::ChecksumSecret;

pub struct Store {
    database: Database,
    outbox: OutboxSignal,
    clock: Arc<dyn Clock>,
    is_local: bool,
    /// Whether the database was created when it was opened.
    is_new: bool,
    /// Cached: the database cannot be replaced by another one while it is open.
    checksum_secret: ChecksumSecret,
}

impl Store {
    /// Opens a database for a command.
    ///
    /// # Errors
    /// See [`OpenError`]. The database is left unchanged.
    pub fn open(location: impl Into<Location>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::for_command(&location.into(), IfMissing::Fail, clock)
    }

    /// Like [`Store::open`], but creates the database if there is none.
    pub fn open_or_create(
        location: impl Into<Location>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        Self::for_command(&location.into(), IfMissing::Create, clock)
    }

    fn for_command(
        location: &Location,
        existing: IfMissing,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let outbox = OutboxSignal::default();
        let opened = Database::for_command(location, existing, Arc::clone(&clock), outbox.clone())?;
        Ok(Self::with(opened, clock, outbox))
    }

    /// Opens or creates the database for a server. Checks a file for damage first and removes what
    /// was left behind next to it by processes that were killed.
    ///
    /// # Errors
    /// See [`OpenError`]. An existing database is left unchanged.
    pub fn serve(
        claim: &Claim,
        clock: Arc<dyn Clock>,
        threads: Threads,
    ) -> Result<Self, OpenError> {
        let outbox = OutboxSignal::default();
        let opened = Database::for_server(claim, Arc::clone(&clock), threads, outbox.clone())?;
        Ok(Self::with(opened, clock, outbox))
    }

    fn with(opened: Opened<Database>, clock: Arc<dyn Clock>, outbox: OutboxSignal) -> Self {
        let Opened { database, is_new, checksum_secret } = opened;
        let is_local = database.is_local();
        Self { database, outbox, clock, is_local, is_new, checksum_secret }
    }

    /// Runs a read on the calling thread.
    ///
    /// # Errors
    /// Returns the error of `read`, or [`StoreError::Unavailable`] if there is no connection.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        #[cfg(test)]
        self.assert_may_read_here();
        self.database.read(read)
    }

    /// Like [`Store::read`], but interrupts the read when it reaches the limit.
    ///
    /// # Errors
    /// Also returns [`StoreError::Interrupted`].
    pub fn read_within<T>(
        &self,
        limit: ReadLimit,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        #[cfg(test)]
        self.assert_may_read_here();
        self.database.read_within(limit, read)
    }

    /// Takes a snapshot of the database, for several reads.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if there is no connection.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        #[cfg(test)]
        self.assert_may_read_here();
        self.database.snapshot()
    }

    /// Runs a change in a transaction and returns once the change is on disk. `scope` says what the
    /// change touches.
    ///
    /// # Errors
    /// Returns the error of `change`, whose changes are then rolled back, or the reason why they
    /// could not be stored.
    pub async fn write<T: Send + 'static>(
        &self,
        scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let result = self.database.send(scope, change)?.await;
        self.database.written(result.ok())
    }

    /// Like [`Store::write`], for threads that may block.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let result = self.database.send(scope, change)?.blocking_recv();
        self.database.written(result.ok())
    }

    /// The clock that provides the store's timestamps.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The secret for the checksums of this database's API keys.
    pub fn checksum_secret(&self) -> &ChecksumSecret {
        &self.checksum_secret
    }

    /// Wakes the webhook sender.
    pub fn outbox(&self) -> &OutboxSignal {
        &self.outbox
    }

    /// Returns the data directory with the files of the database; `None` on PostgreSQL, which keeps
    /// its own files.
    pub fn files(&self) -> Option<&DataDir> {
        self.database.sqlite().map(SqliteDatabase::dir)
    }

    /// Returns which engine keeps the database.
    pub fn engine(&self) -> EngineInfo {
        self.database.engine()
    }

    /// Returns how many file descriptors the connections to the database need at most.
    pub fn descriptors(&self, threads: Threads) -> u64 {
        self.database.descriptors(threads)
    }

    /// Returns whether the database was created when it was opened.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Fails if the database can't be trusted: a file that is damaged, is suspected to be, or is no
    /// longer at its path, or a PostgreSQL server that doesn't wait for its standbys.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::SuspectedDamage`], [`StoreError::Gone`], or
    /// [`StoreError::Unavailable`].
    pub fn ensure_intact(&self) -> Result<(), StoreError> {
        self.database.ensure_intact()
    }

    /// Stops waiting for locks held by other processes, because this process is shutting down. From
    /// now on, a change that needs such a lock fails immediately.
    pub fn stop_waiting(&self) {
        self.database.stop_waiting();
    }

    /// Returns a warning if the write-ahead log has outgrown its limit. It names the log's size and
    /// the processes that keep it from being reset.
    pub fn wal_warning(&self) -> Option<String> {
        self.database.sqlite()?.wal_warning()
    }

    /// What the writer has done so far.
    pub fn write_stats(&self) -> &WriteStats {
        self.database.write_stats()
    }

    /// Returns the sizes of the files, and the space that is left for them. PostgreSQL's are unknown.
    pub fn disk_usage(&self) -> DiskUsage {
        self.files().map_or(DiskUsage::UNKNOWN, |dir| DiskUsage::of(&dir.database()))
    }

    /// Returns what keeps changes from being written right now, if it is a process that says so:
    /// another one that holds the write lock.
    pub fn write_lock_holder(&self) -> Option<String> {
        writer::other_lock_holder(&self.files()?.database())
    }
}
