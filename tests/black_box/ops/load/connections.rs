//! Connections are limited by address, in total, and by the number of file descriptors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::support::{Client, Server, wait_until};

const NO_LIMITS: (&str, &str) = ("PIVOTAL_RATE_LIMITS_ENABLED", "false");

/// Opens a connection on which the server has accepted headers and waits for the body.
fn hold(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 900\r\nExpect: 100-continue\r\n\r\n",
        server.live
    );
    // The connection may be refused or closed.
    let _ = stream.write_all(head.as_bytes());
    let mut response = [0; 25];
    let _ = stream.read_exact(&mut response);
    stream
}

/// The response to a request on a new connection.
fn request(server: &Server) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut response = String::new();
    // A refused connection may be closed at any time.
    match stream.write_all(request).and_then(|()| stream.read_to_string(&mut response)) {
        Ok(_) => response,
        Err(error) => error.to_string(),
    }
}

/// Sends requests until one is refused with a response. A refused connection may also be closed
/// before the response can be read.
#[track_caller]
fn assert_refuses(server: &Server) {
    let mut response = String::new();
    wait_until("a connection is refused", || {
        response = request(server).to_lowercase();
        response.starts_with("http/1.1 503 ")
    });
    for part in ["connection: close", "retry-after: 1", r#""code":"unavailable""#] {
        assert!(response.contains(part), "{response}");
    }
}

#[test]
fn an_address_has_a_connection_limit_and_closing_one_frees_a_slot() {
    let server = Server::start_with(&[NO_LIMITS, ("PIVOTAL_CONNECTIONS_PER_ADDRESS", "8")]);
    let mut held: Vec<_> = (0..8).map(|_| hold(&server)).collect();
    for _ in 0..3 {
        assert_refuses(&server);
    }
    held.pop();
    wait_until("a slot is free", || request(&server).starts_with("HTTP/1.1 200"));
    let reported = "127.0.0.1 has 8 open connections";
    wait_until("the refusals are in the log", || server.log().contains(reported));
    assert_eq!(server.log().matches(reported).count(), 1, "{}", server.log());
}

#[test]
fn a_trusted_proxy_may_have_more_connections_than_one_address() {
    let server = Server::start_with(&[
        NO_LIMITS,
        ("PIVOTAL_CONNECTIONS_PER_ADDRESS", "4"),
        ("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let _held: Vec<_> = (0..20).map(|_| hold(&server)).collect();
    assert!(request(&server).starts_with("HTTP/1.1 200"));
}

#[test]
fn the_server_has_a_total_connection_limit() {
    let server = Server::start_with(&[
        NO_LIMITS,
        ("PIVOTAL_CONNECTIONS_MAX", "16"),
        ("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let held: Vec<_> = (0..16).map(|_| hold(&server)).collect();
    assert_refuses(&server);
    drop(held);
    wait_until("a slot is free", || request(&server).starts_with("HTTP/1.1 200"));
    let reported = "all 16 connections are in use";
    wait_until("the refusals are in the log", || server.log().contains(reported));
    assert_eq!(server.log().matches(reported).count(), 1, "{}", server.log());
}

/// With more connections than descriptors, open connections continue to work, including requests
/// that use the database, and new ones are refused.
#[cfg(target_os = "linux")]
#[test]
fn connections_never_use_up_the_descriptors_that_the_server_needs() {
    let limit = ["prlimit", "--nofile=256:256"].map(str::to_owned);
    let dir = Arc::new(tempfile::tempdir().unwrap());
    // With a fixed number of threads, the number of free descriptors doesn't depend on the machine.
    let variables = [
        NO_LIMITS,
        ("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1"),
        ("PIVOTAL_WORKERS", "2"),
        ("PIVOTAL_WEBHOOKS_CONCURRENCY", "10"),
    ];
    let server = Server::start_under(&limit, dir, &variables).unwrap();
    let reduced = "connections.max is reduced from 4096 to ";
    wait_until("the lower limit is logged", || server.log().contains(reduced));
    let log = server.log();
    let (max, _) = log.split_once(reduced).unwrap().1.split_once(':').unwrap();
    assert!((64..200).contains(&max.parse::<u32>().unwrap()), "{log}");
    let client: Client = server.client();
    client.customer("Aurora");

    let held: Vec<_> = (0..200).map(|_| hold(&server)).collect();
    let refused = format!("all {max} connections are in use");
    wait_until("a connection is refused", || server.log().contains(&refused));
    // Uses this client's existing connection.
    for _ in 0..20 {
        client.get("/customers/1").expect(200);
        assert_eq!(client.walk("/customers?limit=100").len(), 1);
    }
    client
        .post(
            "/customers/1/contacts",
            serde_json::json!({"name": "Maya", "email": "m@aurora.example"}),
        )
        .expect(201);
    assert!(!server.log().contains("ERROR"), "{}", server.log());
    drop(held);
    wait_until("a slot is free", || request(&server).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_response_sent_during_shutdown_closes_the_connection() {
    let mut server = Server::start();
    let mut stream = hold(&server);
    server.signal("-TERM");
    wait_until("the server is stopping", || server.log().contains("stopping"));
    wait_until("the socket is closed", || TcpStream::connect(server.address()).is_err());
    let body = format!("{:900}", r#"{"name":"Aurora"}"#);
    stream.write_all(body.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
    assert!(response.to_lowercase().contains("connection: close"), "{response}");
    wait_until("the server has ended", || !server.is_running());
}

/// The server parses only as many requests ahead as its small read buffer holds.
#[cfg(target_os = "linux")]
#[test]
fn pipelined_requests_behind_an_unread_response_take_little_memory() {
    let server = Server::start();
    let request = "GET / HTTP/1.1\r\nHost:\r\n\r\n";
    let requests = format!(
        "GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n{}",
        request.repeat((16 << 10) / request.len())
    );
    let before = server.memory();
    let held: Vec<_> = (0..100)
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            // Smaller than the response, however much the server has already sent.
            socket.set_recv_buffer_size(4096).unwrap();
            socket.connect(&server.address().into()).unwrap();
            let mut stream = TcpStream::from(socket);
            stream.write_all(requests.as_bytes()).unwrap();
            // The server has begun to respond, so it has read ahead as far as it will.
            stream.read_exact(&mut [0; 100]).unwrap();
            stream
        })
        .collect();
    let taken = server.memory().saturating_sub(before);
    assert!(taken < 100, "{taken} MiB for {} connections", held.len());
}
