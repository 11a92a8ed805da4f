//! Backups, stops and restarts: a copy of a database stays silent until it is told to send, and a clock
//! that was set back makes nothing wait.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::receiver::Receiver;
use super::{
    Endpoint, create, deliveries, new_dir, settled, start, start_in, wait_for, wait_until,
    with_keys,
};
use crate::support::{Server, command};

/// A server with a delivery to an endpoint that fails and is tried again in an hour.
fn start_with_a_pending_delivery(receiver: &Receiver, more: &[(&str, &str)]) -> (Server, Endpoint) {
    let mut variables =
        vec![("PIVOTAL_RATE_LIMITS_ENABLED", "false"), ("PIVOTAL_WEBHOOKS_SCHEDULE", "0s,1h")];
    variables.extend(more);
    receiver.set_status("500 Internal Server Error");
    let server = with_keys(Server::start_in(new_dir(), &variables));
    let endpoint = create(&server, &receiver.url(), &[]);
    server.client().customer("Waiting");
    wait_until("both were attempted", || {
        let all = deliveries(&server, &endpoint);
        all.len() == 2 && all.iter().all(|one| one.attempts == 1)
    });
    (server, endpoint)
}

fn restore(backup: &Path) -> Arc<TempDir> {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let output = command(dir.path()).arg("restore").arg(backup).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    dir
}

/// Starts a server with `--resume-deliveries`.
fn resume(dir: &Arc<TempDir>) -> Server {
    let wrapper = ["sh", "-c", "exec \"$@\" --resume-deliveries", "sh"].map(str::to_owned);
    with_keys(Server::start_under(&wrapper, Arc::clone(dir), &[]).unwrap())
}

#[test]
fn what_was_pending_in_a_backup_is_sent_only_when_the_server_is_told_to() {
    let receiver = Receiver::start();
    let (mut server, endpoint) = start_with_a_pending_delivery(&receiver, &[]);
    let backup = server.dir().join("copy.db");
    server.json(&["backup", backup.to_str().unwrap()]);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy.db");
    std::fs::copy(&backup, &copy).unwrap();
    let waiting = deliveries(&server, &endpoint);
    assert!(waiting.iter().all(|one| !one.held), "the original goes on");
    assert_eq!(server.stop(), Some(0));
    drop(server);
    receiver.set_status("200 OK");
    let before = receiver.count();

    let dir = restore(&copy);
    let mut clone = start_in(&dir, &[]);
    wait_until("the log says so", || {
        let log = clone.log();
        log.contains("2 webhook deliveries were pending in the backup")
            && log.contains("--resume-deliveries")
    });
    clone.client().customer("New");
    let all = wait_for("what is new was delivered", || {
        let all = deliveries(&clone, &endpoint);
        all.get(2).is_some_and(|one| one.status == "delivered").then_some(all)
    });
    assert!(all[..2].iter().all(|one| one.held && one.status == "pending"), "{all:?}");
    assert_eq!(receiver.count(), before + 1);
    assert_eq!(receiver.requests()[before].name(), "New");
    assert_eq!(clone.stop(), Some(0));

    // What was due in an hour is not due yet, which holding has not changed.
    make_due(&clone);
    let resumed = resume(&dir);
    let all = settled(&resumed, &endpoint, 3);
    assert!(all.iter().all(|one| one.status == "delivered"), "{all:?}");
    let ids = |all: &[super::Delivery]| [all[0].id.clone(), all[1].id.clone()];
    assert_eq!(ids(&all), ids(&waiting));
    assert!(
        resumed.log().contains("sending 2 webhook deliveries that were on hold since the restore")
    );
    assert_eq!(receiver.count(), before + 3);
}

/// Makes everything due that waits in the database of a server that has stopped.
fn make_due(server: &Server) {
    let sql = "UPDATE webhook_deliveries SET next_attempt_at = 1 WHERE status = 'pending'";
    server.sql().execute(sql, []).unwrap();
}

#[test]
fn a_backup_of_the_schedule_holds_deliveries_too() {
    let receiver = Receiver::start();
    let variables = [("PIVOTAL_BACKUP_EVERY", "1s"), ("PIVOTAL_BACKUP_KEEP", "1000")];
    let (server, endpoint) = start_with_a_pending_delivery(&receiver, &variables);
    let made = || -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(server.dir().join("backups"));
        let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut all: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|end| end == "db")).collect();
        all.sort();
        all
    };
    let before = made().len();
    let newest = wait_for("another two backups were made", || {
        let all = made();
        (all.len() >= before + 2).then(|| all.last().unwrap().clone())
    });
    let dir = restore(&newest);
    drop(server);
    let clone = start_in(&dir, &[]);
    let all = deliveries(&clone, &endpoint);
    assert!(all.len() == 2 && all.iter().all(|one| one.held), "{all:?}");
}

#[test]
fn a_single_delivery_of_a_backup_can_be_replayed() {
    let receiver = Receiver::start();
    let (server, endpoint) = start_with_a_pending_delivery(&receiver, &[]);
    let copy = server.dir().join("copy.db");
    server.json(&["backup", copy.to_str().unwrap()]);
    let dir = restore(&copy);
    drop(server);
    receiver.set_status("200 OK");
    let clone = start_in(&dir, &[]);
    let all = deliveries(&clone, &endpoint);
    clone.json(&["webhooks", "replay", &all[1].id]);
    wait_until("it was delivered", || deliveries(&clone, &endpoint)[1].status == "delivered");
    assert!(deliveries(&clone, &endpoint)[0].held);
}

#[test]
fn a_restart_sends_what_was_pending() {
    let server = start(&[("SCHEDULE", "0s,2s,2s,2s")]);
    let receiver = Receiver::returning("503 Service Unavailable");
    let endpoint = create(&server, &receiver.url(), &[]);
    wait_until("the first attempt was made", || receiver.count() > 0);
    let server = with_keys(server.restart());
    receiver.set_status("200 OK");
    assert_eq!(settled(&server, &endpoint, 1)[0].status, "delivered");
}

#[test]
fn retries_do_not_wait_longer_because_the_clock_was_set_back() {
    let receiver = Receiver::start();
    let (mut server, endpoint) = start_with_a_pending_delivery(&receiver, &[]);
    assert_eq!(server.stop(), Some(0));
    // As if the clock had been a year ahead when the next attempt was planned.
    let year = 365_i64 * 24 * 3600 * 1_000_000;
    let sql = "UPDATE webhook_deliveries SET next_attempt_at = next_attempt_at + ?1";
    assert_eq!(server.sql().execute(sql, [year]), Ok(2));
    receiver.set_status("200 OK");
    let server = with_keys(server.restart());
    let all = settled(&server, &endpoint, 2);
    assert!(all.iter().all(|one| one.status == "delivered"), "{all:?}");
}

#[test]
fn a_stop_waits_a_moment_for_requests_in_flight() {
    let is_stopping = Arc::new(AtomicBool::new(false));
    let answer = Arc::clone(&is_stopping);
    let receiver = Receiver::with(move |_, connection| {
        wait_until("the server is stopping", || answer.load(Ordering::SeqCst));
        connection.respond("200 OK", "", b"")
    });
    let mut server = start(&[("TIMEOUT", "1m")]);
    let endpoint = create(&server, &receiver.url(), &[]);
    wait_until("the request is in flight", || receiver.count() == 1);
    server.signal("-TERM");
    is_stopping.store(true, Ordering::SeqCst);
    assert_eq!(server.wait(), Some(0));
    let ping = deliveries(&server, &endpoint).remove(0);
    assert_eq!((ping.status.as_str(), ping.attempts), ("delivered", 1));
}

#[test]
fn a_stop_gives_up_on_a_receiver_that_hangs_and_the_next_start_sends_again() {
    let receiver = Receiver::with(|_, connection| connection.hang());
    let mut server = start(&[("TIMEOUT", "1m")]);
    let endpoint = create(&server, &receiver.url(), &[]);
    wait_until("the request is in flight", || receiver.count() == 1);
    assert_eq!(server.stop(), Some(0));
    let ping = deliveries(&server, &endpoint).remove(0);
    assert_eq!((ping.status.as_str(), ping.attempts), ("pending", 0));
    receiver.set_status("200 OK");
    let server = with_keys(server.restart());
    assert_eq!(settled(&server, &endpoint, 1)[0].status, "delivered");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].delivery(), requests[1].delivery());
}
