//! Asks the primary, again and again, for a change that a standby confirms.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Lease;
use crate::store::engine::postgres::connect::connector::{ConnectError, Connector};
use crate::store::engine::postgres::connect::session::Session;
use crate::store::engine::postgres::connection::{Origin, PgConnection, values};

/// Small, and without a row that would have to be cleaned up. It is written to the log of changes,
/// so the commit waits for standbys like any other. The settings show whether it does.
const BEAT: &str = "
    BEGIN;
    SELECT CAST(pg_logical_emit_message(true, 'pivotal-server', 'heartbeat') AS text);
    SELECT current_setting('synchronous_commit');
    SELECT current_setting('synchronous_standby_names');
    COMMIT";
const EVERY: Duration = Duration::from_secs(1);
/// How long a standby may take to confirm until other hosts are tried.
const BEAT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a host may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a server waits for its first lease.
const FIRST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why no primary could be confirmed.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum Unconfirmed {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(
        "no standby confirms changes; check that one in synchronous_standby_names runs and is connected (SELECT application_name, sync_state FROM pg_stat_replication), or set require_sync to false"
    )]
    NoStandby,
    #[error("cannot start the thread for heartbeats: {0}")]
    Thread(#[from] io::Error),
}

/// Extends a lease until it is dropped.
pub(in crate::store) struct Heartbeat(#[expect(dead_code, reason = "dropped")] Sender<()>);

impl Heartbeat {
    /// Starts a thread, and waits until a primary has the lease.
    ///
    /// # Errors
    /// See [`Unconfirmed`].
    pub fn start(connector: &Connector, lease: &Lease) -> Result<Self, Unconfirmed> {
        let (running, stop) = channel();
        let (mut hosts, extended) = (Hosts::new(connector), lease.clone());
        let named = thread::Builder::new().name("heartbeat".to_owned());
        named.spawn(move || extend(&extended, &mut hosts, &stop))?;
        if lease.wait(FIRST_TIMEOUT) { Ok(Self(running)) } else { Err(Unconfirmed::NoStandby) }
    }
}

fn extend(lease: &Lease, hosts: &mut Hosts, stop: &Receiver<()>) {
    loop {
        let started = Instant::now();
        if let Some((origin, sent)) = hosts.beat() {
            lease.confirm(origin.primary, sent);
        }
        let pause = EVERY.saturating_sub(started.elapsed());
        if stop.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Makes the connector prefer a primary whose changes a standby confirms, for a command. More than
/// one host can be a primary while a network is repaired, and the first one may be the former one.
///
/// # Errors
/// See [`Unconfirmed`].
pub(in crate::store) fn prefer_confirmed(connector: &Connector) -> Result<(), Unconfirmed> {
    // Says why a host can't be connected to, which this doesn't find out.
    drop(connector.connect(Session::unlimited())?);
    Hosts::new(connector).beat().map(drop).ok_or(Unconfirmed::NoStandby)
}

/// A connection to each host of the URL that was tried, and not lost.
struct Hosts {
    connector: Connector,
    connections: Vec<Option<PgConnection>>,
}

impl Hosts {
    fn new(connector: &Connector) -> Self {
        let connections = (0..connector.hosts()).map(|_| None).collect();
        let connector = connector.guided();
        Self { connector, connections }
    }

    /// Returns the first primary whose change a standby has confirmed, and when it was sent.
    fn beat(&mut self) -> Option<(Origin, Instant)> {
        for host in self.connector.order() {
            if let Some(confirmed) = self.beat_at(host) {
                self.connector.prefer(host);
                return Some(confirmed);
            }
        }
        None
    }

    fn beat_at(&mut self, host: usize) -> Option<(Origin, Instant)> {
        let connection = match self.connections[host].take_if(|open| !open.is_closed()) {
            Some(open) => open,
            None => self.connector.connect_to(host, Session::unlimited(), CONNECT_TIMEOUT).ok()?,
        };
        // A commit that waits for a standby is left alone, and nothing else is sent until it ends.
        let (confirmed, is_usable) = match connection.has_responded(BEAT_TIMEOUT) {
            true => beat(&connection),
            false => (None, true),
        };
        self.connections[host] = is_usable.then_some(connection);
        confirmed
    }
}

/// Returns also whether the connection may be used again.
fn beat(connection: &PgConnection) -> (Option<(Origin, Instant)>, bool) {
    connection.notices().take_unreplicated();
    // Before the commit is sent, so that the lease begins no later than that.
    let sent = Instant::now();
    match connection.try_batch(BEAT, BEAT_TIMEOUT) {
        None => (None, true),
        Some(Err(_)) => (None, false),
        Some(Ok(messages)) => {
            let is_confirmed =
                waits_for_standbys(&values(&messages)) && !connection.notices().take_unreplicated();
            (is_confirmed.then(|| (connection.origin(), sent)), true)
        }
    }
}

/// Whether the settings that [`BEAT`] returns mean that its commit waited for a standby.
fn waits_for_standbys(values: &[Option<&str>]) -> bool {
    let [_, Some("on" | "remote_apply"), Some(standbys)] = values else { return false };
    !standbys.trim().is_empty()
}
