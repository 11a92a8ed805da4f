//! An open database of either engine. `Store` adds what does not depend on the engine.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::opened::Opened;
#[cfg(feature = "postgres")]
use super::postgres::database::{PgDatabase, PgReadOnly, PgSnapshot};
use super::read_limit::ReadLimit;
use super::sqlite::database::{SqliteDatabase, SqliteSnapshot};
use super::sqlite::read_only::SqliteReadOnly;
use super::threads::Threads;
use super::write_job::panicked;
use super::write_stats::WriteStats;
use crate::model::clock::Clock;
use crate::model::key::secret::Prefix;
use crate::store::error::{OpenError, StoreError};
use crate::store::files::IfMissing;
use crate::store::keys::Credentials;
use crate::store::location::{Claim, EngineInfo, Location};
use crate::store::webhooks::signal::OutboxSignal;
use crate::store::write_scope::WriteScope;
use crate::store::{Reader, Tx};

pub(in crate::store) enum Database {
    Sqlite(SqliteDatabase),
    #[cfg(feature = "postgres")]
    Postgres(PgDatabase),
}

impl Database {
    pub fn for_command(
        location: &Location,
        existing: IfMissing,
        clock: Arc<dyn Clock>,
        outbox: OutboxSignal,
    ) -> Result<Opened<Self>, OpenError> {
        match location {
            Location::Files(dir) => {
                let opened = SqliteDatabase::for_command(dir, existing, clock, outbox)?;
                Ok(opened.map(Self::Sqlite))
            }
            #[cfg(feature = "postgres")]
            Location::Postgres(postgres) => {
                let opened = PgDatabase::for_command(postgres, existing, &clock, &outbox)?;
                Ok(opened.map(Self::Postgres))
            }
        }
    }

    pub fn for_server(
        claim: &Claim,
        clock: Arc<dyn Clock>,
        threads: Threads,
        outbox: OutboxSignal,
    ) -> Result<Opened<Self>, OpenError> {
        let (dir, lock) = match claim {
            Claim::Files { dir, lock } => (dir, lock),
            Claim::Ephemeral(temporary) => (temporary.data_dir(), temporary.lock()),
            #[cfg(feature = "postgres")]
            Claim::Postgres(postgres) => {
                let opened = PgDatabase::for_server(postgres, &clock, threads, &outbox)?;
                return Ok(opened.map(Self::Postgres));
            }
        };
        let opened = SqliteDatabase::for_server(dir, lock, clock, threads, outbox)?;
        Ok(opened.map(Self::Sqlite))
    }

    /// Returns whether reads use a local file.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => false,
        }
    }

    /// Returns the database for what only SQLite has; `None` with any other engine.
    pub fn sqlite(&self) -> Option<&SqliteDatabase> {
        match self {
            Self::Sqlite(database) => Some(database),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
        }
    }

    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(database) => database.read(read),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => database.read(read),
        }
    }

    pub fn read_within<T>(
        &self,
        limit: ReadLimit,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(database) => database.read_within(limit, read),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => database.read_within(&limit, read),
        }
    }

    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        match self {
            Self::Sqlite(database) => Ok(Snapshot::Sqlite(Box::new(database.snapshot()?))),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => Ok(Snapshot::Postgres(Box::new(database.snapshot()?))),
        }
    }

    /// Queues a change. The receiver gets its result, or is closed if the change panicked.
    #[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite ignores it"))]
    pub fn send<T: Send + 'static>(
        &self,
        scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        match self {
            Self::Sqlite(database) => database.send(change),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => database.send(scope, change),
        }
    }

    /// Returns the result of a change that was queued; `None` is a panic.
    pub fn written<T>(&self, result: Option<Result<T, StoreError>>) -> Result<T, StoreError> {
        let result = result.unwrap_or_else(|| Err(panicked()));
        match self {
            Self::Sqlite(database) => result.map_err(|error| database.translate(error)),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => result,
        }
    }

    pub fn descriptors(&self, threads: Threads) -> u64 {
        match self {
            // The file and its WAL. Both pools can open as many connections as there are threads.
            Self::Sqlite(_) => 4 * (u64::from(threads.lookups) + u64::from(threads.lists)),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => database.descriptors(),
        }
    }

    pub fn engine(&self) -> EngineInfo {
        match self {
            Self::Sqlite(database) => {
                EngineInfo::sqlite(database.dir().database().display().to_string())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => database.info().clone(),
        }
    }

    /// Fails if the database can lose what was acknowledged, or has been damaged or moved.
    pub fn ensure_intact(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(database) => database.ensure_intact(),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => database.ensure_durable(),
        }
    }

    pub fn stop_waiting(&self) {
        match self {
            Self::Sqlite(database) => database.stop_waiting(),
            #[cfg(feature = "postgres")]
            // A lock is waited for by the server, for a few seconds.
            Self::Postgres(_) => {}
        }
    }

    pub fn write_stats(&self) -> &WriteStats {
        match self {
            Self::Sqlite(database) => database.write_stats(),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => database.write_stats(),
        }
    }
}

/// A view of the database at one moment, for several reads. In SQLite, it costs no more than a
/// single read: the expensive part is acquiring and releasing the transaction lock. Drop it before
/// awaiting: the pool has only one connection per reading thread. Boxed, because it is moved through
/// every step of a request.
pub enum Snapshot {
    Sqlite(Box<SqliteSnapshot>),
    #[cfg(feature = "postgres")]
    Postgres(Box<PgSnapshot>),
}

impl Snapshot {
    /// Returns the key with this prefix, revoked or not.
    pub fn credentials(&self, prefix: &Prefix) -> Result<Option<Arc<Credentials>>, StoreError> {
        match self {
            Self::Sqlite(snapshot) => snapshot.credentials(prefix),
            #[cfg(feature = "postgres")]
            Self::Postgres(snapshot) => snapshot.credentials(prefix),
        }
    }

    /// Runs a read on the calling thread.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(snapshot) => snapshot.read(read),
            #[cfg(feature = "postgres")]
            Self::Postgres(snapshot) => snapshot.read(read),
        }
    }
}

/// A database that is only read, for commands that list things. It is never upgraded.
pub enum ReadOnly {
    Sqlite(SqliteReadOnly),
    #[cfg(feature = "postgres")]
    Postgres(PgReadOnly),
}

impl ReadOnly {
    /// Opens a database.
    ///
    /// # Errors
    /// See [`OpenError`]. Returns [`OpenError::Older`] if the database must be upgraded first.
    pub fn open(location: &Location) -> Result<Self, OpenError> {
        match location {
            Location::Files(dir) => SqliteReadOnly::open(dir).map(Self::Sqlite),
            #[cfg(feature = "postgres")]
            Location::Postgres(postgres) => PgReadOnly::open(postgres).map(Self::Postgres),
        }
    }

    /// Runs a read on the calling thread.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(database) => database.read(read),
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => database.read(read),
        }
    }
}
