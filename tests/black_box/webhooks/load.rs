//! Many endpoints, an idle server, and the order of deliveries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::receiver::Receiver;
use super::{create, deliveries, settled, start, wait_until};
use crate::support::Server;

#[test]
fn endpoints_that_never_answer_do_not_delay_one_that_does() {
    // Fewer slots than dead endpoints, which hold theirs for a minute.
    let server = start(&[("CONCURRENCY", "16"), ("TIMEOUT", "1m"), ("SCHEDULE", "0s,1h")]);
    let healthy = Receiver::start();
    let endpoint = create(&server, &healthy.url(), &[]);
    settled(&server, &endpoint, 1);
    let dead = Receiver::with(|_, connection| connection.hang());
    let silent: Vec<_> = (0..20).map(|_| create(&server, &dead.url(), &[])).collect();
    wait_until("the dead endpoints use all they can", || dead.count() == 12);
    for name in ["Aurora", "Borealis", "Cassini"] {
        server.client().customer(name);
    }
    let all = settled(&server, &endpoint, 4);
    assert!(all.iter().all(|one| one.status == "delivered"), "{all:?}");
    // None of the dead ones has ended: the healthy one can't have waited for any.
    for endpoint in &silent {
        assert!(deliveries(&server, endpoint).iter().all(|one| one.attempts == 0));
    }
    assert_eq!(dead.count(), 12);
}

#[test]
fn an_endpoint_gets_at_most_four_requests_at_a_time_and_one_while_it_fails() {
    let server = start(&[("SCHEDULE", "0s,1h")]);
    let (active, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let receiver = Receiver::start();
    let endpoint = create(&server, &receiver.url(), &[]);
    settled(&server, &endpoint, 1);
    let count = |status: &'static str, wait_for_active: usize| {
        let (active, most) = (Arc::clone(&active), Arc::clone(&most));
        most.store(0, Ordering::SeqCst);
        receiver.set(move |_, connection| {
            let now = active.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            // Holds the first requests until as many are under way as may be.
            wait_until("others arrive", || most.load(Ordering::SeqCst) >= wait_for_active);
            active.fetch_sub(1, Ordering::SeqCst);
            connection.respond(status, "", b"")
        });
    };
    count("200 OK", 4);
    for n in 0..12 {
        server.client().customer(&format!("Customer {n}"));
    }
    settled(&server, &endpoint, 13);
    assert_eq!(most.load(Ordering::SeqCst), 4);

    receiver.set_status("500 Internal Server Error");
    server.client().customer("Failing");
    wait_until("it failed", || deliveries(&server, &endpoint)[13].attempts == 1);
    count("500 Internal Server Error", 1);
    for n in 0..8 {
        server.client().customer(&format!("Failing {n}"));
    }
    wait_until("all were attempted", || {
        deliveries(&server, &endpoint).iter().all(|one| one.attempts == 1)
    });
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[test]
fn first_attempts_go_out_in_the_order_of_the_events() {
    // An endpoint that fails gets one attempt at a time, so that the order of arrival is known.
    let server = start(&[("SCHEDULE", "0s,1h")]);
    let receiver = Receiver::returning("500 Internal Server Error");
    let endpoint = create(&server, &receiver.url(), &[]);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let client = server.client();
            std::thread::spawn(move || {
                (0..15).for_each(|n| drop(client.customer(&format!("Customer {writer}-{n}"))));
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    wait_until("all were attempted", || receiver.count() == 61);
    let queued: Vec<String> =
        deliveries(&server, &endpoint).into_iter().map(|one| one.id).collect();
    let arrived: Vec<String> =
        receiver.requests().iter().map(|request| request.delivery().to_owned()).collect();
    assert_eq!(arrived, queued);
    let times: Vec<String> = receiver
        .requests()
        .iter()
        .map(|request| request.json()["created_at"].as_str().unwrap().to_owned())
        .collect();
    assert!(times.is_sorted());
}

/// What the thread that sends webhooks has used: CPU time in hundredths of a second, and how often
/// it went to sleep.
#[cfg(target_os = "linux")]
pub fn sender_thread(server: &Server) -> (u64, u64) {
    let tasks = format!("/proc/{}/task", server.pid());
    for task in std::fs::read_dir(tasks).unwrap() {
        let read = |name: &str| std::fs::read_to_string(task.as_ref().unwrap().path().join(name));
        if read("comm").is_ok_and(|comm| comm.trim() == "webhooks") {
            let stat = read("stat").unwrap();
            let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
            let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
            let status = read("status").unwrap();
            let (_, rest) = status.split_once("\nvoluntary_ctxt_switches:").unwrap();
            return (ticks, rest.split_whitespace().next().unwrap().parse().unwrap());
        }
    }
    panic!("there is no thread that sends webhooks");
}

/// Checks that the thread slept nearly all the time while something went on.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn assert_idle_during(server: &Server, what: impl FnOnce()) {
    let ((ticks, sleeps), began) = (sender_thread(server), Instant::now());
    what();
    let (ticks_after, sleeps_after) = sender_thread(server);
    let seconds = began.elapsed().as_secs_f64();
    let used = (ticks_after - ticks) as f64 / 100.0;
    assert!(used < 0.2 * seconds + 0.1, "{used} s of CPU time in {seconds} s");
    let sleeps = (sleeps_after - sleeps) as f64;
    assert!(sleeps < 20.0 * seconds + 50.0, "it woke {sleeps} times in {seconds} s");
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_with_nothing_to_send_sleeps() {
    let server = start(&[("SCHEDULE", "0s,1h"), ("CONCURRENCY", "1"), ("TIMEOUT", "1m")]);
    let receiver = Receiver::returning("500 Internal Server Error");
    let endpoint = create(&server, &receiver.url(), &[]);
    wait_until("the first attempt failed", || deliveries(&server, &endpoint)[0].attempts == 1);
    // Long enough for a few looks for changes.
    let a_while = || {
        let end = super::receiver::unix_seconds() + 4;
        wait_until("a while has passed", || super::receiver::unix_seconds() >= end);
    };
    assert_idle_during(&server, a_while);
    // The next attempt becomes due while another request holds the only slot.
    let soon = super::receiver::unix_seconds() + 5;
    let sql = "UPDATE webhook_deliveries SET next_attempt_at = ?1";
    server.sql().execute(sql, [soon * 1_000_000]).unwrap();
    receiver.set(|_, connection| connection.hang());
    server.client().customer("Hanging");
    wait_until("the slot is taken", || receiver.count() == 2);
    assert_idle_during(&server, a_while);
    wait_until("it is due", || super::receiver::unix_seconds() > soon);
    assert_idle_during(&server, a_while);
    assert_eq!(receiver.count(), 2);
}
