//! Connects to the primary among the hosts of a URL.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::session::{CONNECT_TIMEOUT, Session, config};
use super::tls::{TlsError, connector};
use crate::model::database_url::{DatabaseHost, DatabaseUrl};
use crate::store::engine::postgres::commit::notices::Notices;
use crate::store::engine::postgres::connection::PgConnection;
use crate::store::engine::postgres::connection::client::{AttemptError, Client};
use crate::store::engine::postgres::failure::describe;
use crate::store::engine::postgres::lease::Lease;

/// Connects to the database of a URL. Cheap to clone.
#[derive(Clone)]
pub(in crate::store) struct Connector {
    shared: Arc<Shared>,
    lease: Lease,
}

struct Shared {
    url: DatabaseUrl,
    tls: MakeRustlsConnect,
    /// The host that is tried first: the one that can commit, or that of the last connection, because
    /// waiting for one that is gone takes seconds.
    preferred: AtomicUsize,
}

impl Connector {
    /// # Errors
    /// If the certificates to trust can't be read.
    pub fn new(url: &DatabaseUrl) -> Result<Self, TlsError> {
        let tls = connector(url.tls())?;
        let shared = Shared { url: url.clone(), tls, preferred: AtomicUsize::new(0) };
        Ok(Self { shared: Arc::new(shared), lease: Lease::default() })
    }

    /// Returns a connector for connections to the primary that has the lease.
    pub fn with_lease(&self, lease: Lease) -> Self {
        Self { shared: Arc::clone(&self.shared), lease }
    }

    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Connects to the first host that accepts writes. Never call this, or use a connection, on a
    /// thread of an asynchronous runtime: the client blocks on a runtime of its own and panics.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(&self, session: Session) -> Result<PgConnection, ConnectError> {
        // For the connection, the handshake, and what follows.
        let limit = 2 * self.shared.url.connect_timeout().unwrap_or(CONNECT_TIMEOUT);
        let mut failures = Vec::new();
        for host in self.order() {
            match self.connect_to(host, session, limit) {
                Ok(connection) => {
                    // Otherwise, the heartbeat knows better: a host can accept changes
                    // without being able to commit them.
                    if !self.lease.is_required() {
                        self.prefer(host);
                    }
                    return Ok(connection);
                }
                Err(error) => failures.push(error),
            }
        }
        Err(ConnectError(failures))
    }

    /// Connects to one host if it accepts writes.
    ///
    /// # Errors
    /// Why the host can't be used.
    pub fn connect_to(
        &self,
        host: usize,
        session: Session,
        limit: Duration,
    ) -> Result<PgConnection, HostError> {
        let (url, tls, named) =
            (&self.shared.url, self.shared.tls.clone(), &self.shared.url.hosts()[host]);
        let notices = Notices::default();
        let config = config(url, named, session);
        Client::connect(config, tls, notices.callback(), limit)
            .and_then(|client| {
                Ok(PgConnection::new(client, host, session.reply_limit(), &self.lease, notices)?)
            })
            .map_err(|error| HostError { host: named.clone(), why: explain(&error, url) })
    }

    pub fn name(&self, host: usize) -> &DatabaseHost {
        &self.shared.url.hosts()[host]
    }

    /// Returns the number of hosts.
    pub fn hosts(&self) -> usize {
        self.shared.url.hosts().len()
    }

    /// Returns the hosts in the order in which they are tried.
    pub fn order(&self) -> impl Iterator<Item = usize> + use<> {
        let first = self.preferred();
        (first..self.hosts()).chain(0..first)
    }

    pub fn preferred(&self) -> usize {
        self.shared.preferred.load(Ordering::Relaxed)
    }

    pub fn prefer(&self, host: usize) {
        self.shared.preferred.store(host, Ordering::Relaxed);
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Connector({})", self.shared.url)
    }
}

/// Why none of the hosts could be connected to. Says what to do, and contains no secret.
#[derive(Clone, Debug)]
pub(in crate::store) struct ConnectError(Vec<HostError>);

/// Why a host could not be connected to.
#[derive(Clone, Debug)]
pub(in crate::store) struct HostError {
    host: DatabaseHost,
    why: String,
}

impl Display for ConnectError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("cannot connect to PostgreSQL")?;
        for (at, HostError { host, why }) in self.0.iter().enumerate() {
            write!(f, "{} {host}: {why}", if at == 0 { " at" } else { "; at" })?;
        }
        Ok(())
    }
}

impl std::error::Error for ConnectError {}

/// Describes a failed attempt, with advice for the usual mistakes.
fn explain(error: &AttemptError, url: &DatabaseUrl) -> String {
    let AttemptError::Postgres(source) = error else { return error.to_string() };
    let text = describe(source);
    let advice = match source.code() {
        Some(&(SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION)) => {
            "check the user and the password in the URL, and pg_hba.conf on the server".to_owned()
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => format!(
            "create it with CREATE DATABASE \"{}\" ENCODING 'UTF8' TEMPLATE template0",
            url.name().replace('"', "\"\"")
        ),
        Some(&SqlState::PROTOCOL_VIOLATION) => {
            "if this is a connection pooler such as PgBouncer, connect to the server itself".into()
        }
        Some(&SqlState::TOO_MANY_CONNECTIONS) => {
            "raise max_connections on the server, or set fewer threads for this server".to_owned()
        }
        Some(_) => return text,
        None if text.contains("does not support TLS") => {
            "turn on ssl on the server, or set sslmode=prefer if the network is trusted".to_owned()
        }
        None if text.contains("certificate") => "check sslmode and sslrootcert in the URL, and \
             that the server's certificate names this host as a subject alternative name"
            .to_owned(),
        None if text.contains("password missing") => "add the password to the URL".to_owned(),
        None if text.contains("does not allow writes") => {
            return "it is a standby, or it is read-only".to_owned();
        }
        None => return text,
    };
    format!("{text}; {advice}")
}
