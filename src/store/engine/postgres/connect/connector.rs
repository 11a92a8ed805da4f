//! Connects to the primary among the hosts of a URL.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use postgres::Config;
use postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::host::{AttemptError, Attempts};
use super::session::{CONNECT_TIMEOUT, Session, config};
use super::tls::{TlsError, connector};
use crate::model::database_url::{DatabaseHost, DatabaseUrl};
use crate::store::engine::postgres::commit::notices::Notices;
use crate::store::engine::postgres::connection::PgConnection;
use crate::store::engine::postgres::failure::describe;

/// Connects to the database of a URL. Cheap to clone.
#[derive(Clone)]
pub(in crate::store) struct Connector(Arc<Shared>);

struct Shared {
    url: DatabaseUrl,
    tls: MakeRustlsConnect,
    /// For each host of the URL.
    attempts: Vec<Attempts>,
    /// The host of the last connection. It is tried first, because waiting for one that is gone
    /// takes seconds.
    primary: AtomicUsize,
}

impl Connector {
    /// # Errors
    /// If the certificates to trust can't be read.
    pub fn new(url: &DatabaseUrl) -> Result<Self, TlsError> {
        let tls = connector(url.tls())?;
        let attempts = url.hosts().iter().map(|_| Attempts::default()).collect();
        Ok(Self(Arc::new(Shared { url: url.clone(), tls, attempts, primary: AtomicUsize::new(0) })))
    }

    /// Connects to the first host that accepts writes. Never call this, or use a connection, on a
    /// thread of an asynchronous runtime: the client blocks on a runtime of its own and panics.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(&self, session: Session) -> Result<PgConnection, ConnectError> {
        let hosts = self.0.url.hosts();
        let first = self.0.primary.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        for at in (first..hosts.len()).chain(0..first) {
            let notices = Notices::default();
            let mut config = config(&self.0.url, &hosts[at], session);
            config.notice_callback(notices.callback());
            // For the connection, the handshake, and what follows.
            let limit = 2 * self.0.url.connect_timeout().unwrap_or(CONNECT_TIMEOUT);
            match self.attempt(at, config, limit) {
                Ok(client) => {
                    self.0.primary.store(at, Ordering::Relaxed);
                    return Ok(PgConnection::with_notices(client, notices));
                }
                Err(error) => failures.push((hosts[at].clone(), explain(&error, &self.0.url))),
            }
        }
        Err(ConnectError(failures))
    }

    fn attempt(
        &self,
        at: usize,
        config: Config,
        limit: Duration,
    ) -> Result<postgres::Client, AttemptError> {
        self.0.attempts[at].connect(config, self.0.tls.clone(), limit)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Connector({})", self.0.url)
    }
}

/// Why none of the hosts could be connected to. Says what to do, and contains no secret.
#[derive(Clone, Debug)]
pub(in crate::store) struct ConnectError(Vec<(DatabaseHost, String)>);

impl Display for ConnectError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("cannot connect to PostgreSQL")?;
        for (at, (host, why)) in self.0.iter().enumerate() {
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
