//! A database in a SQLite file: its connections, its writer, and what watches over the file.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::checkpoints::Checkpoints;
use super::damage::{Damage, StartCheck};
use super::key_cache::KeyCache;
use super::limited_connection::LimitedConnection;
use super::reader_pool::{ReadConnection, ReaderManager};
use super::wal_growth::WalGrowth;
use super::writer::{Guards, Writer};
use super::{connection, damage, identity};
use crate::model::clock::Clock;
use crate::model::key::secret::Prefix;
use crate::store::engine::opened::Opened;
use crate::store::engine::read_limit::ReadLimit;
use crate::store::engine::threads::Threads;
use crate::store::engine::write_stats::WriteStats;
use crate::store::error::{OpenError, StoreError};
use crate::store::files::{DataDir, IfMissing, OpenFiles, OpenLock, ServeLock, check};
use crate::store::keys::Credentials;
use crate::store::webhooks::signal::OutboxSignal;
use crate::store::{Reader, Tx};

/// How long a read waits for a pooled connection. The pool has one for every thread that reads, so
/// this limit is only reached when the database file cannot be opened.
const READER_TIMEOUT: Duration = Duration::from_secs(5);
/// The same timeout for a damaged database, where opening a new connection may never succeed.
const DAMAGED_TIMEOUT: Duration = Duration::from_millis(100);

pub(in crate::store) struct SqliteDatabase {
    lookups: r2d2::Pool<ReaderManager>,
    lists: r2d2::Pool<ReaderManager>,
    writer: Writer,
    damage: Damage,
    open_files: OpenFiles,
    wal_growth: WalGrowth,
    write_stats: Arc<WriteStats>,
    dir: DataDir,
    /// The last field, so that the lock is released after the database is closed.
    _lock: Option<OpenLock>,
}

/// See [`crate::store::Snapshot`].
pub struct SqliteSnapshot {
    pooled: r2d2::PooledConnection<ReaderManager>,
    damage: Damage,
}

impl SqliteSnapshot {
    /// Returns the key with this prefix, revoked or not. If nothing has been committed since the
    /// connection last read the key, the only cost is finding that out.
    pub fn credentials(&self, prefix: &Prefix) -> Result<Option<Arc<Credentials>>, StoreError> {
        let found = self.pooled.keys.find(&self.pooled.conn, prefix);
        found.map_err(|error| self.damage.report(error, self.pooled.generation))
    }

    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        read(&Reader { conn: (&self.pooled.conn).into() })
            .map_err(|error| self.damage.report(error, self.pooled.generation))
    }
}

impl Drop for SqliteSnapshot {
    fn drop(&mut self) {
        // If this fails, the pool discards the connection because its transaction is still open.
        let _ = connection::end_read(&self.pooled.conn);
    }
}

impl SqliteDatabase {
    pub fn for_command(
        dir: &DataDir,
        existing: IfMissing,
        clock: Arc<dyn Clock>,
        outbox: OutboxSignal,
    ) -> Result<Opened<Self>, OpenError> {
        let is_new = !dir.database().exists();
        let (conn, lock) = dir.open(existing, None)?;
        let threads = Threads { lookups: 1, lists: 1, query_timeout: Duration::ZERO };
        let opened = Self::start(dir, conn, clock, threads, Damage::default(), false, outbox)?;
        let opened = opened.map(|database| Self { _lock: Some(lock), ..database });
        Ok(Opened { is_new, ..opened })
    }

    pub fn for_server(
        dir: &DataDir,
        lock: &ServeLock,
        clock: Arc<dyn Clock>,
        threads: Threads,
        outbox: OutboxSignal,
    ) -> Result<Opened<Self>, OpenError> {
        // Released when this function returns: a running server holds `serve.lock`, which also
        // keeps other processes from replacing the file.
        let (mut conn, opening) = dir.open(IfMissing::Create, Some(lock))?;
        let path = dir.database();
        let damage = Damage::for_server(&path, Arc::clone(&clock));
        if !dir.is_ephemeral() {
            match damage::check_at_start(&mut conn) {
                Ok(StartCheck::Intact) => {}
                Ok(StartCheck::OutOfTime) => {
                    damage.check_in_background(&path, check::CheckDepth::Quick)
                }
                Ok(StartCheck::Damaged(found)) => return Err(OpenError::Damaged { path, found }),
                Err(source) => return Err(OpenError::sqlite(&path, source)),
            }
            dir.clean_up(lock, &opening);
        }
        Self::start(dir, conn, clock, threads, damage, true, outbox)
    }

    fn start(
        dir: &DataDir,
        mut conn: Connection,
        clock: Arc<dyn Clock>,
        threads: Threads,
        damage: Damage,
        is_server: bool,
        outbox: OutboxSignal,
    ) -> Result<Opened<Self>, OpenError> {
        let open_error = |source| OpenError::sqlite(&dir.database(), source);
        let checksum_secret = identity::checksum_secret(&conn).map_err(open_error)?;
        let open_files = OpenFiles::capture(&conn, &dir.database_entry(), &dir.database())
            .map_err(open_error)?;
        let write_stats = Arc::new(WriteStats::default());
        let checkpoints = Checkpoints::new(&mut conn, damage.clone(), Arc::clone(&write_stats))
            .map_err(open_error)?;
        let wal_growth = checkpoints.growth();
        let guards = Guards { damage: damage.clone(), open_files: open_files.clone() };
        let writer =
            Writer::start(conn, checkpoints, clock, guards, outbox, Arc::clone(&write_stats))
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
        let database = Self {
            lookups,
            lists,
            writer,
            damage,
            open_files,
            wal_growth,
            write_stats,
            dir: dir.clone(),
            _lock: None,
        };
        Ok(Opened { database, is_new: false, checksum_secret })
    }

    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let pooled = self.get_connection(&self.lists)?;
        read(&Reader { conn: (&pooled.conn).into() })
            .map_err(|error| self.damage.report(error, pooled.generation))
    }

    pub fn read_within<T>(
        &self,
        limit: ReadLimit,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let limited = LimitedConnection::new(self.get_connection(&self.lists)?, limit)?;
        read(&Reader { conn: limited.conn().into() })
            .map_err(|error| self.damage.report(error, limited.generation()))
    }

    pub fn snapshot(&self) -> Result<SqliteSnapshot, StoreError> {
        let pooled = self.get_connection(&self.lookups)?;
        connection::begin_read(&pooled.conn)?;
        Ok(SqliteSnapshot { pooled, damage: self.damage.clone() })
    }

    /// Queues a change.
    pub fn send<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        self.writer.send(change)
    }

    /// Replaces an error that indicates damage with the verdict about the file.
    pub fn translate(&self, error: StoreError) -> StoreError {
        self.damage.translate(error)
    }

    pub fn dir(&self) -> &DataDir {
        &self.dir
    }

    pub fn ensure_intact(&self) -> Result<(), StoreError> {
        self.damage.ensure_undamaged()?;
        self.ensure_in_place()
    }

    /// Fails if the file was moved, deleted, or replaced.
    pub fn ensure_in_place(&self) -> Result<(), StoreError> {
        self.open_files.ensure_in_place()
    }

    /// Checks the whole file for damage.
    pub fn check_in_background(&self) {
        self.damage.check_in_background(&self.dir.database(), check::CheckDepth::Full);
    }

    pub fn stop_waiting(&self) {
        self.writer.stop_waiting();
    }

    pub fn wal_warning(&self) -> Option<String> {
        self.wal_growth.oversized().map(|oversized| oversized.to_string())
    }

    pub fn write_stats(&self) -> &WriteStats {
        &self.write_stats
    }

    fn get_connection(
        &self,
        pool: &r2d2::Pool<ReaderManager>,
    ) -> Result<r2d2::PooledConnection<ReaderManager>, StoreError> {
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
