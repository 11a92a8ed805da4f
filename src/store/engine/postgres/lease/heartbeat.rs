//! Asks the primary, again and again, for a change that a standby confirms.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Lease;
use crate::store::engine::postgres::connect::connector::Connector;
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
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a server waits for its first lease.
const FIRST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why no primary could be confirmed.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum Unconfirmed {
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
    /// Starts a thread, and waits until a primary has the lease. The thread makes the connector
    /// prefer that one.
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
    let mut last = None;
    loop {
        let started = Instant::now();
        let is_lost = last.is_some() && lease.check().is_err();
        match hosts.beat() {
            Some((origin, sent)) => {
                lease.confirm(origin.primary, sent);
                if last.replace(origin) != Some(origin) {
                    log::info!("the primary is {}", hosts.connector.name(origin.host));
                }
            }
            None if is_lost => {
                log::error!("no standby confirms changes, so requests are refused until one does");
                last = None;
            }
            None => {}
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
        Self { connector: connector.clone(), connections }
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
            true => beat(&connection, BEAT_TIMEOUT),
            false => (None, true),
        };
        self.connections[host] = is_usable.then_some(connection);
        confirmed
    }
}

/// Returns also whether the connection may be used again.
fn beat(connection: &PgConnection, limit: Duration) -> (Option<(Origin, Instant)>, bool) {
    connection.notices().take_unreplicated();
    // Before the commit is sent, so that the lease begins no later than that.
    let sent = Instant::now();
    match connection.try_batch(BEAT, limit) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::postgres::test_database::{NoStandby, TestDatabase};

    #[test]
    fn a_primary_that_waits_for_no_standby_does_not_confirm() {
        for (commit, standbys, confirms) in [
            ("on", "ANY 1 (n2, n3)", true),
            ("remote_apply", "n2", true),
            ("remote_write", "n2", false),
            ("off", "n2", false),
            ("on", " ", false),
        ] {
            let settings = [Some(""), Some(commit), Some(standbys)];
            assert_eq!(waits_for_standbys(&settings), confirms, "{commit} {standbys}");
        }
        let Some(database) = TestDatabase::create() else { return };
        assert!(Hosts::new(&database.connector()).beat().is_none());
    }

    #[test]
    fn a_heartbeat_that_no_standby_confirms_is_left_alone() {
        let Some(database) = TestDatabase::create() else { return };
        let Some(_guard) = NoStandby::begin(&database) else { return };
        let connection = database.connect_as_server(Session::unlimited());
        connection.batch_execute("SET synchronous_commit = on").unwrap();
        let (confirmed, is_usable) = beat(&connection, Duration::from_millis(20));
        assert!(confirmed.is_none() && is_usable && connection.is_waiting());
        let waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'
            AND datname = current_database()";
        let mut admin = database.connect();
        let pid: i32 = admin.query_one(waiting, &[]).unwrap().get(0);
        admin.query_one("SELECT pg_cancel_backend($1)", &[&pid]).unwrap();
        assert!(connection.has_responded(Duration::from_secs(60)));
        assert!(!connection.is_waiting());
    }
}
