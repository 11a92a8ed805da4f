//! When results can't be stored: nothing is sent twice because of it.

use std::fmt::Display;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::load::assert_idle_during;
use super::receiver::Receiver;
use super::{create, deliveries, settled, start, wait_until};
use crate::support::Server;

/// Limits the size of the server's files, which stands in for a full disk.
fn limit(server: &Server, size: impl Display) {
    let pid = server.pid().to_string();
    let done = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={size}:")]).status();
    assert!(done.unwrap_or_else(|error| panic!("this test needs `prlimit`: {error}")).success());
}

#[test]
fn a_result_that_cannot_be_stored_stops_sending_until_it_can() {
    let server = start(&[("SCHEDULE", "0s,100ms,100ms")]);
    let receiver = Receiver::start();
    let endpoint = create(&server, &receiver.url(), &[]);
    settled(&server, &endpoint, 1);
    let is_full = Arc::new(AtomicBool::new(false));
    let answer = Arc::clone(&is_full);
    receiver.set(move |_, connection| {
        wait_until("the disk is full", || answer.load(Ordering::SeqCst));
        connection.respond("200 OK", "", b"")
    });
    // More than are sent at a time.
    for n in 0..10 {
        server.client().customer(&format!("Customer {n}"));
    }
    wait_until("four are under way", || receiver.count() == 5);
    limit(&server, 0);
    is_full.store(true, Ordering::SeqCst);
    let message = "so no more will be sent until they can be";
    wait_until("the log says so", || server.log().contains(message));
    let tries = || server.log().matches("cannot store a group of changes").count();
    let before = tries();
    assert_idle_during(&server, || wait_until("it tried again", || tries() >= before + 3));
    // Others of the four may have been answered before the first failure.
    let sent = receiver.count();
    assert!(sent <= 9, "{sent}");
    let before = tries();
    wait_until("it tried again", || tries() >= before + 2);
    assert_eq!(receiver.count(), sent, "nothing more is sent");
    assert_eq!(server.log().matches(message).count(), 1);
    assert_eq!(deliveries(&server, &endpoint)[1].attempts, 0);

    limit(&server, "unlimited");
    let all = settled(&server, &endpoint, 11);
    assert!(all.iter().all(|one| one.status == "delivered" && one.attempts == 1), "{all:?}");
    assert_eq!(receiver.count(), 11, "nothing was sent twice");
    wait_until("the log says so", || {
        server.log().contains("results of webhook deliveries can be stored again")
    });
}
