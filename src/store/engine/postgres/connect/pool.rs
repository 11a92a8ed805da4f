//! Pools of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use r2d2::{NopErrorHandler, Pool};

use super::connector::{ConnectError, Connector};
use super::session::Session;
use crate::store::engine::postgres::connection::PgConnection;

/// A connection that was used within this time is taken without asking the server.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How long a server may take to say that a connection still works.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Connects for a pool.
#[derive(Debug)]
pub(in crate::store) struct PgManager {
    connector: Connector,
    session: Session,
    /// How many connections of the pool have broken. Others to the same server are then broken, too.
    broken: Arc<AtomicU64>,
}

/// A connection of a pool.
#[derive(Debug)]
pub(in crate::store) struct PooledPg {
    pub connection: PgConnection,
    used: Instant,
    /// How many connections had broken when this one was last known to work.
    broken: u64,
}

/// Why a pooled connection can't be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum PoolError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("the connection to PostgreSQL was lost")]
    Lost(#[source] tokio_postgres::Error),
    #[error("the server has become a standby, or read-only")]
    ReadOnly,
    #[error("another server is the primary")]
    NotPrimary,
}

/// Opens a pool without waiting for its connections. It keeps all of them open and replaces broken
/// ones by itself. [`Pool::get`] fails after `wait`, and its error says why.
pub(in crate::store) fn open(
    connector: Connector,
    session: Session,
    size: u32,
    wait: Duration,
) -> Pool<PgManager> {
    Pool::builder()
        .max_size(size.max(1))
        .idle_timeout(None)
        .connection_timeout(wait)
        .test_on_check_out(true)
        // The caller that needs a connection reports why there is none.
        .error_handler(Box::new(NopErrorHandler))
        .build_unchecked(PgManager::new(connector, session))
}

impl PgManager {
    pub(super) fn new(connector: Connector, session: Session) -> Self {
        Self { connector, session, broken: Arc::default() }
    }
}

impl r2d2::ManageConnection for PgManager {
    type Connection = PooledPg;
    type Error = PoolError;

    fn connect(&self) -> Result<PooledPg, PoolError> {
        let broken = self.broken.load(Ordering::Relaxed);
        let connection = self.connector.connect(self.session)?;
        Ok(PooledPg { connection, used: Instant::now(), broken })
    }

    /// Costs a round trip only if the connection has been idle, or another one has broken.
    fn is_valid(&self, pooled: &mut PooledPg) -> Result<(), PoolError> {
        if self.connector.lease().is_of_another(pooled.connection.origin().primary) {
            return Err(PoolError::NotPrimary);
        }
        let broken = self.broken.load(Ordering::Relaxed);
        if pooled.broken == broken && pooled.used.elapsed() < TRUSTED_FOR {
            return Ok(());
        }
        if pooled.connection.is_read_only(PROBE_TIMEOUT).map_err(PoolError::Lost)? {
            return Err(PoolError::ReadOnly);
        }
        (pooled.used, pooled.broken) = (Instant::now(), broken);
        Ok(())
    }

    /// Called when a connection is returned.
    fn has_broken(&self, pooled: &mut PooledPg) -> bool {
        if pooled.connection.is_closed() {
            self.broken.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        pooled.used = Instant::now();
        // With a transaction left open, the connection would keep reading old data.
        pooled.connection.is_in_transaction()
    }
}
