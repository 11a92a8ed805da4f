//! All persistent data, in one SQLite database. All SQL is here. The layers above open a [`Store`]
//! and pass it closures, each of which calls one method of [`Reader`] or [`Tx`] per use case.
//! Connections never leave this module. Resources can only be reached through [`WorkspaceReader`]
//! and [`WorkspaceTx`], which are tied to one workspace.

mod account;
mod audit;
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
mod location;
mod onboardings;
mod overview;
mod purge;
mod reader;
mod rows;
mod test_control;
pub mod transfer;
mod tx;
mod upgrade;
pub mod webhooks;
mod workspaces;
mod write_scope;

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

pub use self::account::Account;
pub use self::engine::read_limit::{AbandonOnDrop, ReadLimit};
use self::engine::sqlite::checkpoints::Checkpoints;
use self::engine::sqlite::damage::{Damage, StartCheck};
use self::engine::sqlite::key_cache::KeyCache;
use self::engine::sqlite::limited_connection::LimitedConnection;
pub use self::engine::sqlite::read_only::ReadOnly;
use self::engine::sqlite::reader_pool::{ReadConnection, ReaderManager};
use self::engine::sqlite::wal_growth::WalGrowth;
use self::engine::sqlite::writer::{Guards, Writer};
use self::engine::sqlite::{connection, damage, identity, writer};
pub use self::engine::write_stats::WriteStats;
pub use self::error::{CopyError, CopyWarning, OpenError, StoreError};
pub use self::files::DataDir;
pub use self::files::backup::{BackupDir, FinishedBackup};
use self::files::check;
pub use self::files::contents::Contents;
pub use self::files::disk_usage::DiskUsage;
pub use self::files::receive::{BackupStream, is_stream};
pub use self::files::restore::Restored;
pub use self::files::watch::Watch;
pub use self::files::{DataDir, EphemeralDir, ServeLock};
use self::files::{IfMissing, OpenFiles, OpenLock};
pub use self::idempotency::{ExpiredResponses, Replay};
use self::files::{IfMissing, OpenFiles, OpenLock, ServeLock};
pub use self::idempotency::Replay;
pub use self::keys::Credentials;
#[cfg(feature = "postgres")]
pub use self::location::PostgresLocation;
pub use self::location::{Claim, EngineInfo, Location};
pub use self::overview::{FileSize, Overview, Tally};
pub use self::purge::{
    DeleteError, DeletingWorkspace, DuePart, DueRecords, Erasure, PurgePreview, Purgeable,
    SavedResponses, Unfinished,
};
pub use self::reader::{Reader, WorkspaceReader};
pub use self::rows::document::{Document, Stored};
pub use self::rows::list::{Extent, PageForm};
pub use self::test_control::{MAX_SNAPSHOTS, StateError};
pub use self::tx::{Recording, Tx, WorkspaceTx};
use self::webhooks::signal::OutboxSignal;
pub use self::workspaces::RenameError;
pub use self::write_scope::WriteScope;
use crate::model::clock::Clock;
use crate::model::key::checksum::ChecksumSecret;
use crate::model::key::secret::Prefix;

/// How long a read waits for a pooled connection. The pool has one for every thread that reads, so
/// this limit is only reached when the database file cannot be opened.
const READER_TIMEOUT: Duration = Duration::from_secs(5);
/// The same timeout for a damaged database, where opening a new connection may never succeed.
const DAMAGED_TIMEOUT: Duration = Duration::from_millis(100);

pub struct Store {
    lookups: r2d2::Pool<ReaderManager>,
    lists: r2d2::Pool<ReaderManager>,
    writer: Writer,
    damage: Damage,
    open_files: OpenFiles,
    wal_growth: WalGrowth,
    write_stats: Arc<WriteStats>,
    outbox: OutboxSignal,
    clock: Arc<dyn Clock>,
    dir: DataDir,
    is_local: bool,
    /// Whether the database was created when it was opened.
    is_new: bool,
    /// Cached: the file cannot be replaced by another database while it is open.
    checksum_secret: ChecksumSecret,
    /// The last field, so that the lock is released after the database is closed.
    _lock: Option<OpenLock>,
}

/// How many threads read from the database at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    /// Threads that take snapshots for lookups.
    pub lookups: u32,
    /// Threads that do all other reads, such as lists.
    pub lists: u32,
}

/// A view of the database at one moment, for several reads. Costs no more than a single read: the
/// expensive part is acquiring and releasing the transaction lock. Drop it before awaiting: the
/// pool has only one connection per reading thread.
pub struct Snapshot {
    pooled: r2d2::PooledConnection<ReaderManager>,
    damage: Damage,
}

impl Snapshot {
    /// Returns the key with this prefix, revoked or not. If nothing has been committed since the
    /// connection last read the key, the only cost is finding that out.
    pub fn credentials(&self, prefix: &Prefix) -> Result<Option<Arc<Credentials>>, StoreError> {
        let found = self.pooled.keys.find(&self.pooled.conn, prefix);
        found.map_err(|error| self.damage.report(error, self.pooled.generation))
    }

    /// Runs a read on the calling thread.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        read(&Reader { conn: (&self.pooled.conn).into() })
            .map_err(|error| self.damage.report(error, self.pooled.generation))
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // If this fails, the pool discards the connection because its transaction is still open.
        let _ = connection::end_read(&self.pooled.conn);
    }
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
        let dir = match location {
            Location::Files(dir) => dir,
            #[cfg(feature = "postgres")]
            Location::Postgres(postgres) => return Err(postgres.unopened()),
        };
        let is_new = !dir.database().exists();
        let (conn, lock) = dir.open(existing, None)?;
        let threads = Threads { lookups: 1, lists: 1 };
        let store = Self::start(dir, conn, clock, threads, Damage::default(), false)?;
        Ok(Self { is_new, _lock: Some(lock), ..store })
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
        match claim {
            Claim::Files { dir, lock } => Self::serve_files(dir, lock, clock, threads),
            Claim::Ephemeral(temporary) => {
                Self::serve_files(temporary.data_dir(), temporary.lock(), clock, threads)
            }
            #[cfg(feature = "postgres")]
            Claim::Postgres(postgres) => Err(postgres.unopened()),
        }
    }

    fn serve_files(
        dir: &DataDir,
        lock: &ServeLock,
        clock: Arc<dyn Clock>,
        threads: Threads,
    ) -> Result<Self, OpenError> {
        // Released when this function returns: a running server holds `serve.lock`, which also
        // keeps other processes from replacing the file.
        let (mut conn, opening) = dir.open(IfMissing::Create, Some(lock))?;
        let path = dir.database();
        let damage = Damage::for_server(&path, Arc::clone(&clock));
        if dir.is_ephemeral() {
            return Self::start(dir, conn, clock, threads, damage, true);
        }
        match damage::check_at_start(&mut conn) {
            Ok(StartCheck::Intact) => {}
            Ok(StartCheck::OutOfTime) => {
                damage.check_in_background(&path, check::CheckDepth::Quick)
            }
            Ok(StartCheck::Damaged(found)) => return Err(OpenError::Damaged { path, found }),
            Err(source) => return Err(OpenError::sqlite(&path, source)),
        }
        dir.clean_up(lock, &opening);
        Self::start(dir, conn, clock, threads, damage, true)
    }

    fn start(
        dir: &DataDir,
        mut conn: Connection,
        clock: Arc<dyn Clock>,
        threads: Threads,
        damage: Damage,
        is_server: bool,
    ) -> Result<Self, OpenError> {
        let open_error = |source| OpenError::sqlite(&dir.database(), source);
        let checksum_secret = identity::checksum_secret(&conn).map_err(open_error)?;
        let open_files = OpenFiles::capture(&conn, &dir.database_entry(), &dir.database())
            .map_err(open_error)?;
        let write_stats = Arc::new(WriteStats::default());
        let checkpoints = Checkpoints::new(&mut conn, damage.clone(), Arc::clone(&write_stats))
            .map_err(open_error)?;
        let wal_growth = checkpoints.growth();
        let guards = Guards { damage: damage.clone(), open_files: open_files.clone() };
        let outbox = OutboxSignal::default();
        let (writer_clock, stats) = (Arc::clone(&clock), Arc::clone(&write_stats));
        let writer = Writer::start(conn, checkpoints, writer_clock, guards, outbox.clone(), stats)
            .map_err(|source| OpenError::Io { path: dir.path().to_owned(), source })?;
        let readers = |cache| ReaderManager { path: dir.database(), cache, damage: damage.clone() };
        // A server opens its lookup connections now and keeps them. A lookup must not depend on
        // opening a file, which fails whenever the process is out of file descriptors.
        let lookups = r2d2::Pool::builder()
            .max_size(threads.lookups)
            .min_idle(Some(if is_server { threads.lookups } else { 0 }))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .build_unchecked(readers(connection::LOOKUP_CACHES_KIB / threads.lookups.max(1)));
        let lists = r2d2::Pool::builder()
            // The threads that do lookups can also do other reads.
            .max_size(threads.lookups.saturating_add(threads.lists))
            .min_idle(Some(0))
            .test_on_check_out(false)
            .build_unchecked(readers(connection::CACHE_KIB));
        Ok(Self {
            lookups,
            lists,
            writer,
            damage,
            open_files,
            wal_growth,
            write_stats,
            outbox,
            clock,
            dir: dir.clone(),
            is_local: true,
            is_new: false,
            checksum_secret,
            _lock: None,
        })
    }

    /// Runs a read on the calling thread.
    ///
    /// # Errors
    /// Returns the error of `read`, or [`StoreError::Unavailable`] if there is no connection.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let pooled = self.get_connection(&self.lists)?;
        read(&Reader { conn: (&pooled.conn).into() })
            .map_err(|error| self.damage.report(error, pooled.generation))
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
        let limited = LimitedConnection::new(self.get_connection(&self.lists)?, limit)?;
        read(&Reader { conn: limited.conn().into() })
            .map_err(|error| self.damage.report(error, limited.generation()))
    }

    /// Takes a snapshot of the database, for several reads.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if there is no connection.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let pooled = self.get_connection(&self.lookups)?;
        connection::begin_read(&pooled.conn)?;
        Ok(Snapshot { pooled, damage: self.damage.clone() })
    }

    /// Runs a change in a transaction and returns once the change is on disk. `scope` says what the
    /// change touches.
    ///
    /// # Errors
    /// Returns the error of `change`, whose changes are then rolled back, or the reason why they
    /// could not be stored.
    pub async fn write<T: Send + 'static>(
        &self,
        _scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let result = self.writer.send(change)?.await.unwrap_or_else(|_| Err(panicked()));
        result.map_err(|error| self.damage.translate(error))
    }

    /// Like [`Store::write`], for threads that may block.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        _scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let result = self.writer.send(change)?.blocking_recv().unwrap_or_else(|_| Err(panicked()));
        result.map_err(|error| self.damage.translate(error))
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
        Some(&self.dir)
    }

    /// Returns which engine keeps the database.
    pub fn engine(&self) -> EngineInfo {
        EngineInfo::sqlite(self.dir.database().display().to_string())
    }

    /// Returns whether the database was created when it was opened.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Fails if the database is damaged, is suspected to be, or is no longer at its path.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::SuspectedDamage`], or [`StoreError::Gone`].
    pub fn ensure_intact(&self) -> Result<(), StoreError> {
        self.damage.ensure_undamaged()?;
        self.open_files.ensure_in_place()
    }

    /// Stops waiting for locks held by other processes, because this process is shutting down. From
    /// now on, a change that needs such a lock fails immediately.
    pub fn stop_waiting(&self) {
        self.writer.stop_waiting();
    }

    /// Returns a warning if the write-ahead log has outgrown its limit. It names the log's size and
    /// the processes that keep it from being reset.
    pub fn wal_warning(&self) -> Option<String> {
        self.wal_growth.oversized().map(|oversized| oversized.to_string())
    }

    /// What the writer has done so far.
    pub fn write_stats(&self) -> &WriteStats {
        &self.write_stats
    }

    /// Returns the sizes of the files, and the space that is left for them.
    pub fn disk_usage(&self) -> DiskUsage {
        DiskUsage::of(&self.dir.database())
    }

    /// Returns what keeps changes from being written right now, if it is a process that says so:
    /// another one that holds the write lock.
    pub fn write_lock_holder(&self) -> Option<String> {
        writer::other_lock_holder(&self.dir.database())
    }

    fn get_connection(
        &self,
        pool: &r2d2::Pool<ReaderManager>,
    ) -> Result<r2d2::PooledConnection<ReaderManager>, StoreError> {
        #[cfg(test)]
        self.assert_may_read_here();
        let timeout =
            if self.damage.ensure_undamaged().is_ok() { READER_TIMEOUT } else { DAMAGED_TIMEOUT };
        let mut pooled =
            pool.get_timeout(timeout).map_err(|error| match self.damage.ensure_undamaged() {
                Err(damaged) => damaged,
                Ok(()) => StoreError::Unavailable(error.to_string()),
            })?;
        if pooled.generation != self.damage.generation() {
            let ReadConnection { conn, keys, generation } = &mut *pooled;
            self.damage.refresh(conn, generation);
            *keys = KeyCache::default();
        }
        Ok(pooled)
    }
}

fn panicked() -> StoreError {
    StoreError::Internal("a change panicked and was rolled back".to_owned())
}
