//! One attempt to connect to one host, with a limit for all of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The most attempts that wait for a host at the same time.
const MAX_WAITING: usize = 8;

/// Attempts to connect to a host that have not ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts(Arc<AtomicUsize>);

#[derive(Debug, thiserror::Error)]
pub(super) enum AttemptError {
    #[error("it does not answer")]
    NoAnswer,
    #[error("no thread can be started ({0})")]
    NoThread(std::io::Error),
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
}

impl Attempts {
    /// Connects on a thread of its own: the client limits only how long it waits for the TCP
    /// connection, and a server that hangs accepts those. The thread ends when the server goes on or
    /// its machine is gone, and until then there can be only a few.
    pub fn connect(
        &self,
        config: Config,
        tls: MakeRustlsConnect,
        limit: Duration,
    ) -> Result<Client, AttemptError> {
        let waiting = Waiting::begin(&self.0).ok_or(AttemptError::NoAnswer)?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let attempt = move || {
            let connected = config.connect(tls);
            drop(waiting);
            // If nobody waits anymore, the connection is closed.
            let _ = sender.send(connected);
        };
        thread::Builder::new()
            .name("pg-connect".to_owned())
            .spawn(attempt)
            .map_err(AttemptError::NoThread)?;
        Ok(receiver.recv_timeout(limit).map_err(|_| AttemptError::NoAnswer)??)
    }
}

/// Counts an attempt until it is dropped.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn begin(count: &Arc<AtomicUsize>) -> Option<Self> {
        let waiting = Self(Arc::clone(count));
        (count.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(waiting)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::model::database_url::Tls;

    #[test]
    fn a_server_that_accepts_connections_but_hangs_is_given_up() {
        let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = Config::new();
        config.host("127.0.0.1").port(hanging.local_addr().unwrap().port());
        let tls = super::super::tls::connector(&Tls::Disable).unwrap();
        let attempts = Attempts::default();
        for _ in 0..2 * MAX_WAITING {
            let limit = Duration::from_millis(10);
            let refused = attempts.connect(config.clone(), tls.clone(), limit).err().unwrap();
            assert!(matches!(refused, AttemptError::NoAnswer), "{refused}");
            assert!(attempts.0.load(Ordering::Relaxed) <= MAX_WAITING);
        }
        drop(hanging);
    }
}
