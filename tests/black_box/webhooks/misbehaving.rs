//! Receivers that misbehave: each attempt ends within its time limit, in bounded memory, and says
//! what went wrong.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::receiver::{Connection, Receiver, Request};
use super::{deliveries, pinged, settled, show, start, wait_for, wait_until};

/// Sends something again and again until it fails.
fn repeat(connection: &mut Connection, bytes: &[u8], pause: Duration) -> io::Result<()> {
    loop {
        connection.send(bytes)?;
        std::thread::sleep(pause);
    }
}

const A_MOMENT: Duration = Duration::from_millis(100);

#[test]
fn a_receiver_that_is_silent_or_slow_fails_when_the_time_is_up() {
    let server = start(&[("SCHEDULE", "0s"), ("TIMEOUT", "1s")]);
    // Connects, and never reads.
    let backlog = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", backlog.local_addr().unwrap());
    assert_eq!(pinged(&server, &url).1.error, "No response within 1s.");
    type Misbehaves = fn(&Request, &mut Connection) -> io::Result<()>;
    let cases: [(Misbehaves, &str); 4] = [
        (|_, connection| connection.hang(), "No response within 1s."),
        (
            |_, connection| {
                connection.send(b"HTTP/1.1 200 OK\r\nx-slow: ")?;
                repeat(connection, b"x", A_MOMENT)
            },
            "No response within 1s.",
        ),
        (
            |_, connection| {
                connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")?;
                repeat(connection, b"x", A_MOMENT)
            },
            "The response wasn't complete in time.",
        ),
        (
            |_, connection| repeat(connection, b"HTTP/1.1 100 Continue\r\n\r\n", A_MOMENT),
            "No response within 1s.",
        ),
    ];
    for (handler, error) in cases {
        let receiver = Receiver::with(handler);
        let (_, ping) = pinged(&server, &receiver.url());
        assert_eq!((ping.status.as_str(), ping.error.as_str()), ("failed", error));
        assert_eq!(receiver.count(), 1, "{error}");
    }
}

#[test]
fn a_response_without_end_is_cut_and_a_success_stays_one() {
    let server = start(&[("SCHEDULE", "0s"), ("TIMEOUT", "30s")]);
    for (status, expected) in [("200 OK", "delivered"), ("500 Oops", "failed")] {
        let sent = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&sent);
        let receiver = Receiver::with(move |_, connection| {
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: 10000000000\r\n\r\n");
            connection.send(head.as_bytes())?;
            for _ in 0..10_000_000_000_u64 / 65_536 {
                connection.send(&[b'x'; 65_536])?;
                counted.fetch_add(65_536, Ordering::SeqCst);
            }
            Ok(())
        });
        let (_, ping) = pinged(&server, &receiver.url());
        assert_eq!(ping.status, expected, "{ping:?}");
        assert_eq!(ping.response, [b'x'; 4096]);
        // What fits into the buffers of both sockets was sent, too.
        assert!(sent.load(Ordering::SeqCst) < 64 << 20, "{sent:?}");
    }
}

#[test]
fn four_kib_of_a_response_are_kept() {
    let server = start(&[("SCHEDULE", "0s")]);
    for length in [0, 4096, 4097, 65_536, 65_537, 200_000] {
        let body: Vec<u8> = (0..length).map(|n: usize| b'a' + (n % 26) as u8).collect();
        let response = body.clone();
        let receiver =
            Receiver::with(move |_, connection| connection.respond("200 OK", "", &response));
        let (_, ping) = pinged(&server, &receiver.url());
        assert_eq!(ping.status, "delivered", "{length}: {ping:?}");
        assert_eq!(ping.response, body[..length.min(4096)], "{length}");
    }
}

#[test]
fn a_connection_that_breaks_and_a_response_that_is_none_fail_the_attempt() {
    let server = start(&[("SCHEDULE", "0s"), ("TIMEOUT", "30s")]);
    type Misbehaves = fn(&Request, &mut Connection) -> io::Result<()>;
    let cases: [(Misbehaves, &str); 6] = [
        (|_, connection| connection.reset(), "The request failed: "),
        (|_, connection| connection.close(), "The request failed: "),
        (
            |_, connection| {
                connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")?;
                connection.reset()
            },
            "The response was cut off: ",
        ),
        (
            |_, connection| {
                connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort")?;
                connection.close()
            },
            "The response was cut off: ",
        ),
        (
            |_, connection| {
                connection.send(b"HTTP/1.1 200 OK\r\n")?;
                let line = format!("x-large: {}\r\n", "x".repeat(1015));
                (0..1024).try_for_each(|_| connection.send(line.as_bytes()))?;
                connection.send(b"content-length: 0\r\n\r\n")
            },
            "The request failed: ",
        ),
        (
            |_, connection| {
                connection.send(b"\x00\xff\xfe 200 garbage\r\n\r\n")?;
                connection.hang()
            },
            "The request failed: ",
        ),
    ];
    for (n, (handler, error)) in cases.into_iter().enumerate() {
        let receiver = Receiver::with(handler);
        let (_, ping) = pinged(&server, &receiver.url());
        assert_eq!(ping.status, "failed", "{n}: {ping:?}");
        assert!(ping.error.starts_with(error), "{n}: {ping:?}");
        assert_eq!(receiver.count(), 1, "{n}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_, ping) = pinged(&server, &format!("http://{closed}/"));
    assert!(ping.error.starts_with("Can't connect: "), "{ping:?}");
}

#[test]
fn a_success_with_garbage_is_a_success() {
    let server = start(&[("SCHEDULE", "0s")]);
    for (status, body) in
        [("200 OK", &b"\x00\xff{\xc3"[..]), ("204 No Content", b""), ("299 X", b"")]
    {
        let receiver = Receiver::with(move |_, connection| connection.respond(status, "", body));
        let (endpoint, ping) = pinged(&server, &receiver.url());
        assert_eq!((ping.status.as_str(), &ping.response[..]), ("delivered", body));
        let listed = server.json(&["webhooks", "deliveries", &endpoint.id]);
        let shown = &listed[0]["last_attempt"];
        assert_eq!(shown["response"], String::from_utf8_lossy(body).as_ref());
        assert_eq!(shown["error"], serde_json::Value::Null);
    }
}

#[test]
fn redirects_are_never_followed() {
    let server = start(&[("SCHEDULE", "0s")]);
    let other = Receiver::start();
    for (status, location) in [
        ("301 Moved Permanently", other.url()),
        ("307 Temporary Redirect", other.url()),
        ("308 Permanent Redirect", "http://169.254.169.254/latest/meta-data".to_owned()),
    ] {
        let receiver = Receiver::with(move |_, connection| {
            connection.respond(status, &format!("location: {location}\r\n"), b"")
        });
        let (_, ping) = pinged(&server, &receiver.url());
        assert_eq!(ping.status, "failed");
        assert!(ping.error.contains("Redirects are never followed"), "{ping:?}");
        assert_eq!(ping.response_status.map(|code| code.to_string()).as_deref(), status.get(..3));
    }
    assert_eq!(other.count(), 0);
}

#[test]
fn gone_ends_the_delivery_and_disables_the_endpoint() {
    let server = start(&[("SCHEDULE", "0s,0s,0s")]);
    let receiver = Receiver::returning("410 Gone");
    let (endpoint, ping) = pinged(&server, &receiver.url());
    assert_eq!((ping.status.as_str(), ping.attempts), ("failed", 1));
    let shown = show(&server, &endpoint);
    assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&false.into(), &"gone".into()));
    wait_until("the log says so", || {
        server.log().contains("is disabled because the receiver returned 410 Gone")
    });
    server.client().customer("Aurora");
    let all = deliveries(&server, &endpoint);
    assert_eq!((all.len(), all[1].status.as_str()), (2, "skipped"));
    assert_eq!(receiver.count(), 1);
}

#[test]
fn retry_after_delays_the_next_attempt_by_up_to_twice_its_step() {
    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3600 * SECOND;
    let server = start(&[("SCHEDULE", "0s,1h")]);
    for (status, header, least, most) in [
        ("429 Too Many Requests", "retry-after: 5400\r\n", HOUR * 3 / 2, HOUR * 3 / 2),
        ("503 Service Unavailable", "retry-after: 86400\r\n", 2 * HOUR, 2 * HOUR),
        ("503 Service Unavailable", "retry-after: soon\r\n", HOUR, HOUR * 11 / 10),
        ("429 Too Many Requests", "", HOUR, HOUR * 11 / 10),
        ("500 Internal Server Error", "retry-after: 5400\r\n", HOUR, HOUR * 11 / 10),
    ] {
        let receiver =
            Receiver::with(move |_, connection| connection.respond(status, header, b"busy"));
        let endpoint = super::create(&server, &receiver.url(), &[]);
        let ping = wait_for("the first attempt failed", || {
            deliveries(&server, &endpoint).into_iter().find(|ping| ping.attempts == 1)
        });
        assert_eq!(ping.status, "pending");
        let delay = ping.next_attempt_at.unwrap() - ping.started_at.unwrap();
        // Plus what the attempt itself took.
        assert!((least..most + 60 * SECOND).contains(&delay), "{status} {header}: {delay}");
    }
}

#[test]
fn an_excessive_retry_after_does_not_stop_the_schedule() {
    let server = start(&[("SCHEDULE", "0s,50ms,50ms")]);
    let receiver = Receiver::with(|_, connection| {
        connection.respond("503 Service Unavailable", "retry-after: 4000000000\r\n", b"")
    });
    let (endpoint, ping) = pinged(&server, &receiver.url());
    assert_eq!((ping.status.as_str(), ping.attempts), ("failed", 3));
    receiver.set_status("200 OK");
    server.client().customer("Aurora");
    assert_eq!(settled(&server, &endpoint, 2)[1].status, "delivered");
}
