//! A database on PostgreSQL: its connections, and its writer.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use r2d2::{Pool, PooledConnection};
use tokio::sync::oneshot;

use super::connect::connector::Connector;
use super::connect::pool::{self, PgManager};
use super::connect::session::Session;
use super::connect::version::check_version;
use super::connection::PgConnection;
use super::durability::{Copies, Durability};
use super::failure::classify;
use super::schema;
use super::writer::Writer;
use crate::model::clock::Clock;
use crate::model::key::checksum::ChecksumSecret;
use crate::model::key::secret::Prefix;
use crate::store::engine::read_limit::ReadLimit;
use crate::store::engine::threads::Threads;
use crate::store::engine::write_stats::WriteStats;
use crate::store::error::{OpenError, StoreError};
use crate::store::files::IfMissing;
use crate::store::keys::{self, Credentials};
use crate::store::location::{EngineInfo, PostgresLocation};
use crate::store::webhooks::signal::OutboxSignal;
use crate::store::write_scope::WriteScope;
use crate::store::{Reader, Tx};

/// How long a read waits for a connection.
const POOL_TIMEOUT: Duration = Duration::from_secs(5);

pub(in crate::store) struct PgDatabase {
    lookups: Pool<PgManager>,
    lists: Pool<PgManager>,
    writer: Writer,
    write_stats: Arc<WriteStats>,
    location: PostgresLocation,
    info: EngineInfo,
}

/// An open database, whether it was created, and the secret for the checksums of its API keys.
type Opened = (PgDatabase, bool, ChecksumSecret);

impl PgDatabase {
    pub fn for_command(
        location: &PostgresLocation,
        existing: IfMissing,
        clock: &Arc<dyn Clock>,
        outbox: &OutboxSignal,
    ) -> Result<Opened, OpenError> {
        let threads = Threads { lookups: 1, lists: 1, query_timeout: Duration::ZERO };
        let connections = Connections { writers: 1, lookups: 1, lists: 2 };
        Self::open(location, existing, clock, outbox, threads, connections)
    }

    pub fn for_server(
        location: &PostgresLocation,
        clock: &Arc<dyn Clock>,
        threads: Threads,
        outbox: &OutboxSignal,
    ) -> Result<Opened, OpenError> {
        let connections = Connections::share(location.connections);
        Self::open(location, IfMissing::Create, clock, outbox, threads, connections)
    }

    fn open(
        location: &PostgresLocation,
        existing: IfMissing,
        clock: &Arc<dyn Clock>,
        outbox: &OutboxSignal,
        threads: Threads,
        connections: Connections,
    ) -> Result<Opened, OpenError> {
        let connector = Connector::new(&location.url).map_err(|error| failed(location, error))?;
        let (first, is_new) = connect(&connector, location, existing)?;
        if location.require_sync {
            check_durability(&first, Copies::Two).map_err(|error| failed(location, error))?;
        } else if let Err(error) = check_durability(&first, Copies::One) {
            log::warn!("{error}");
        }
        let reader = Reader { conn: (&first).into() };
        let secret = reader.checksum_secret().map_err(|error| failed(location, error))?;
        let version = reader.server_version().map_err(|error| failed(location, error))?;
        let info = EngineInfo::postgres(version, location.url.place());
        let write_stats = Arc::new(WriteStats::default());
        let writer = Writer::start(
            connections.writers as usize,
            &connector,
            clock,
            outbox,
            Arc::clone(&write_stats),
        )
        .map_err(|error| failed(location, error))?;
        let session = Session::reader(threads.query_timeout);
        let pool = |size| pool::open(connector.clone(), session, size, POOL_TIMEOUT);
        let (lookups, lists) = (pool(connections.lookups), pool(connections.lists));
        let location = location.clone();
        Ok((Self { lookups, lists, writer, write_stats, location, info }, is_new, secret))
    }

    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let pooled = get(&self.lists)?;
        read(&Reader { conn: (&pooled.connection).into() })
    }

    /// A statement that runs for longer than the session allows is interrupted by the server. The
    /// limit is checked before the read, and between the batches of a large result.
    pub fn read_within<T>(
        &self,
        limit: &ReadLimit,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let pooled = get(&self.lists)?;
        if limit.is_over() {
            return Err(StoreError::Interrupted);
        }
        pooled.connection.set_limit(Some(limit.clone()));
        let result = read(&Reader { conn: (&pooled.connection).into() });
        pooled.connection.set_limit(None);
        result
    }

    pub fn snapshot(&self) -> Result<PgSnapshot, StoreError> {
        get(&self.lookups).map(PgSnapshot)
    }

    /// Queues a change.
    pub fn send<T: Send + 'static>(
        &self,
        scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        self.writer.send(scope, change)
    }

    /// Fails if acknowledged changes may not be on two machines, although they must be.
    pub fn ensure_durable(&self) -> Result<(), StoreError> {
        if !self.location.require_sync {
            return Ok(());
        }
        check_durability(&get(&self.lists)?.connection, Copies::Two)
    }

    pub fn write_stats(&self) -> &WriteStats {
        &self.write_stats
    }

    pub fn info(&self) -> &EngineInfo {
        &self.info
    }
}

/// A connection for several lookups, which need not see the same moment: each sees everything that
/// was committed before it. Only the server's errors and a panic leave a transaction open, and the
/// pool discards such a connection.
pub struct PgSnapshot(PooledConnection<PgManager>);

impl PgSnapshot {
    pub fn credentials(&self, prefix: &Prefix) -> Result<Option<Arc<Credentials>>, StoreError> {
        let found = keys::find_by_prefix((&self.0.connection).into(), prefix)?;
        Ok(found.map(Arc::new))
    }

    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        read(&Reader { conn: (&self.0.connection).into() })
    }
}

/// A connection of a command that only reads.
pub struct PgReadOnly(PgConnection);

impl PgReadOnly {
    pub fn open(location: &PostgresLocation) -> Result<Self, OpenError> {
        let connector = Connector::new(&location.url).map_err(|error| failed(location, error))?;
        connect(&connector, location, IfMissing::Fail).map(|(connection, _)| Self(connection))
    }

    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        read(&Reader { conn: (&self.0).into() })
    }
}

/// How many connections a process opens for each purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Connections {
    writers: u32,
    lookups: u32,
    lists: u32,
}

impl Connections {
    /// Divides the connections of a server. A change holds its connection for the longest time, and
    /// most requests are lookups.
    fn share(total: u32) -> Self {
        let writers = (total / 4).max(1);
        let lookups = (total / 2).max(1);
        Self { writers, lookups, lists: total.saturating_sub(writers + lookups).max(1) }
    }
}

pub(super) fn failed(location: &PostgresLocation, why: impl Display) -> OpenError {
    OpenError::Postgres { place: location.url.place(), why: why.to_string() }
}

/// Connects to a database that this version can use, and returns whether it was created.
pub(super) fn connect(
    connector: &Connector,
    location: &PostgresLocation,
    existing: IfMissing,
) -> Result<(PgConnection, bool), OpenError> {
    let connection =
        connector.connect(Session::unlimited()).map_err(|error| failed(location, error))?;
    check_version(&connection).map_err(|error| failed(location, error))?;
    let is_new = connection.with_client(|client| {
        Ok(match existing {
            IfMissing::Create => schema::ensure(client),
            IfMissing::Fail => schema::check(client).map(|()| false),
        })
    });
    let is_new = is_new.map_err(|error| failed(location, error))?;
    Ok((connection, is_new.map_err(|error| failed(location, error))?))
}

pub(super) fn check_durability(
    connection: &PgConnection,
    copies: Copies,
) -> Result<(), StoreError> {
    let found = Durability::read(connection).map_err(|error| StoreError::from(classify(&error)))?;
    found.check(copies).map_err(|error| StoreError::Unavailable(error.to_string()))
}

impl Reader<'_> {
    /// Returns the version of PostgreSQL.
    fn server_version(&self) -> Result<String, StoreError> {
        let sql = "SELECT current_setting('server_version')";
        Ok(self.conn.query_row(sql, (), |row| row.get(0))?)
    }
}

fn get(pool: &Pool<PgManager>) -> Result<PooledConnection<PgManager>, StoreError> {
    pool.get().map_err(|error| StoreError::Unavailable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_opens_no_more_connections_than_it_may() {
        for total in [3, 4, 16, 17, 100] {
            let Connections { writers, lookups, lists } = Connections::share(total);
            assert!(writers > 0 && lookups > 0 && lists > 0);
            assert_eq!(writers + lookups + lists, total);
        }
    }
}
