//! A database on PostgreSQL: its connections, and its writer.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use r2d2::{Pool, PooledConnection};
use tokio::sync::oneshot;

use super::connect::connector::{ConnectError, Connector};
use super::connect::pool::{self, PgManager};
use super::connect::session::Session;
use super::connect::version::{VersionError, check_version};
use super::connection::PgConnection;
use super::durability::{Copies, Durability};
use super::failure::classify;
use super::lease::Lease;
use super::lease::heartbeat::{Heartbeat, Unconfirmed, prefer_confirmed};
use super::schema;
use super::writer::Writer;
use crate::model::clock::Clock;
use crate::model::key::secret::Prefix;
use crate::store::engine::opened::Opened;
use crate::store::engine::read_limit::ReadLimit;
use crate::store::engine::threads::Threads;
use crate::store::engine::write_stats::WriteStats;
use crate::store::error::{OpenError, StoreError};
use crate::store::files::IfMissing;
use crate::store::keys::Credentials;
use crate::store::location::{EngineInfo, PostgresLocation};
use crate::store::webhooks::signal::OutboxSignal;
use crate::store::write_scope::WriteScope;
use crate::store::{Reader, Tx};

/// How long a read waits for a connection.
const POOL_TIMEOUT: Duration = Duration::from_secs(5);

pub(in crate::store) struct PgDatabase {
    readers: Pool<PgManager>,
    writer: Writer,
    lease: Lease,
    /// Extends the lease.
    _heartbeat: Option<Heartbeat>,
    write_stats: Arc<WriteStats>,
    require_sync: bool,
    connections: u32,
    info: EngineInfo,
}

impl PgDatabase {
    pub fn for_command(
        location: &PostgresLocation,
        existing: IfMissing,
        clock: &Arc<dyn Clock>,
        outbox: &OutboxSignal,
    ) -> Result<Opened<Self>, OpenError> {
        let threads = Threads { lookups: 1, lists: 1, query_timeout: Duration::ZERO };
        let connections = Connections { writers: 1, readers: 2 };
        let process = Process { threads, connections, is_server: false };
        Self::open(location, existing, clock, outbox, process)
    }

    pub fn for_server(
        location: &PostgresLocation,
        clock: &Arc<dyn Clock>,
        threads: Threads,
        outbox: &OutboxSignal,
    ) -> Result<Opened<Self>, OpenError> {
        let connections = Connections::share(location.connections);
        let process = Process { threads, connections, is_server: true };
        Self::open(location, IfMissing::Create, clock, outbox, process)
    }

    fn open(
        location: &PostgresLocation,
        existing: IfMissing,
        clock: &Arc<dyn Clock>,
        outbox: &OutboxSignal,
        process: Process,
    ) -> Result<Opened<Self>, OpenError> {
        let Process { threads, connections, is_server } = process;
        let connector = Connector::new(&location.url).map_err(|error| failed(location, error))?;
        let trusted = if location.require_sync {
            trust(&connector, is_server).map_err(|error| failed(location, error))?
        } else {
            Trusted::default()
        };
        let Trusted { lease, heartbeat } = trusted;
        let connector = connector.with_lease(lease.clone());
        let Connected { connection, version, is_new } = connect(&connector, location, existing)?;
        if !location.require_sync
            && let Err(error) = check_durability(&connection, Copies::One)
        {
            log::warn!("{error}");
        }
        let reader = Reader { conn: (&connection).into() };
        let checksum_secret = reader.checksum_secret().map_err(|error| failed(location, error))?;
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
        let readers = pool::open(connector, session, connections.readers, POOL_TIMEOUT);
        let database = Self {
            readers,
            writer,
            lease,
            _heartbeat: heartbeat,
            write_stats,
            require_sync: location.require_sync,
            connections: location.connections,
            info,
        };
        Ok(Opened { database, is_new, checksum_secret })
    }

    /// Each connection has a socket, and a runtime with four descriptors.
    pub fn descriptors(&self) -> u64 {
        5 * u64::from(self.connections)
    }

    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.snapshot()?.read(read)
    }

    /// A statement that runs for longer than the session allows is interrupted by the server. The
    /// limit is checked before the read, and between the batches of a large result. If the server
    /// doesn't respond, the connection is closed soon after the limit.
    pub fn read_within<T>(
        &self,
        limit: &ReadLimit,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let snapshot = self.snapshot()?;
        if limit.is_over() {
            return Err(StoreError::Interrupted);
        }
        let _limited = snapshot.pooled.connection.limit(limit.clone());
        snapshot.read(read)
    }

    /// Takes a connection. Fails at once if no primary can be trusted.
    pub fn snapshot(&self) -> Result<PgSnapshot, StoreError> {
        self.lease.check()?;
        let pooled =
            self.readers.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(PgSnapshot { pooled, lease: self.lease.clone() })
    }

    /// Queues a change.
    pub fn send<T: Send + 'static>(
        &self,
        scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        self.lease.check()?;
        self.writer.send(scope, change)
    }

    /// Fails if acknowledged changes may not be on two machines, although they must be.
    pub fn ensure_durable(&self) -> Result<(), StoreError> {
        if !self.require_sync {
            return Ok(());
        }
        check_durability(&self.snapshot()?.pooled.connection, Copies::Two)
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
pub struct PgSnapshot {
    pooled: PooledConnection<PgManager>,
    lease: Lease,
}

impl PgSnapshot {
    pub fn credentials(&self, prefix: &Prefix) -> Result<Option<Arc<Credentials>>, StoreError> {
        Ok(self.read(|reader| reader.credentials(prefix))?.map(Arc::new))
    }

    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = &self.pooled.connection;
        let result = read(&Reader { conn: connection.into() });
        // Another primary may have been promoted until now.
        self.lease.check_for(connection.origin().primary)?;
        result
    }
}

/// A connection of a command that only reads.
pub struct PgReadOnly(PgConnection);

impl PgReadOnly {
    pub fn open(location: &PostgresLocation) -> Result<Self, OpenError> {
        let connector = Connector::new(&location.url).map_err(|error| failed(location, error))?;
        if location.require_sync {
            // If no standby confirms anything, what is there can still be listed.
            let _ = prefer_confirmed(&connector);
        }
        connect(&connector, location, IfMissing::Fail).map(|connected| Self(connected.connection))
    }

    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        read(&Reader { conn: (&self.0).into() })
    }
}

/// What a process needs.
struct Process {
    threads: Threads,
    connections: Connections,
    is_server: bool,
}

/// What says which primary can be trusted.
#[derive(Default)]
struct Trusted {
    lease: Lease,
    heartbeat: Option<Heartbeat>,
}

/// Makes the connector prefer a primary that can commit. A server also has to know until when it is
/// the only one.
fn trust(connector: &Connector, is_server: bool) -> Result<Trusted, UntrustedError> {
    let first = connector.connect(Session::unlimited())?;
    check_version(&first)?;
    check_durability(&first, Copies::Two)?;
    if !is_server {
        prefer_confirmed(connector)?;
        return Ok(Trusted::default());
    }
    let lease = Lease::required();
    let heartbeat = Some(Heartbeat::start(connector, &lease)?);
    Ok(Trusted { lease, heartbeat })
}

/// Why no primary can be trusted.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum UntrustedError {
    Connect(#[from] ConnectError),
    Version(#[from] VersionError),
    Durability(#[from] StoreError),
    Heartbeat(#[from] Unconfirmed),
}

/// How many connections a process opens for each purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Connections {
    writers: u32,
    readers: u32,
}

impl Connections {
    /// Divides the connections of a server. Most requests read, and changes share a commit.
    fn share(total: u32) -> Self {
        let writers = (total / 4).max(1);
        Self { writers, readers: total.saturating_sub(writers).max(1) }
    }
}

pub(super) fn failed(location: &PostgresLocation, why: impl Display) -> OpenError {
    OpenError::Postgres { place: location.url.place(), why: why.to_string() }
}

/// A connection to a database that this version can use.
pub(super) struct Connected {
    pub connection: PgConnection,
    /// The version of PostgreSQL.
    version: String,
    /// Whether the tables were created.
    is_new: bool,
}

pub(super) fn connect(
    connector: &Connector,
    location: &PostgresLocation,
    existing: IfMissing,
) -> Result<Connected, OpenError> {
    let connection =
        connector.connect(Session::unlimited()).map_err(|error| failed(location, error))?;
    let version = check_version(&connection).map_err(|error| failed(location, error))?;
    let is_new = match existing {
        IfMissing::Create => schema::ensure(&connection),
        IfMissing::Fail => schema::check(&connection).map(|()| false),
    };
    let is_new = is_new.map_err(|error| failed(location, error))?;
    Ok(Connected { connection, version, is_new })
}

pub(super) fn check_durability(
    connection: &PgConnection,
    copies: Copies,
) -> Result<(), StoreError> {
    let found = Durability::read(connection).map_err(|error| StoreError::from(classify(&error)))?;
    found.check(copies).map_err(|error| StoreError::Unavailable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_opens_no_more_connections_than_it_may() {
        for total in [3, 4, 16, 17, 100] {
            let Connections { writers, readers } = Connections::share(total);
            assert!(writers > 0 && readers > 0);
            assert_eq!(writers + readers, total);
        }
    }
}
