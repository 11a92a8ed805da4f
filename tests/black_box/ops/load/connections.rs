//! Connections are bounded, by address and in total, and below the limit on file descriptors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::support::{Client, Server, wait_until};

const NO_LIMITS: (&str, &str) = ("PIVOTAL_RATE_LIMITS_ENABLED", "false");

/// A connection on which the server waits for the body of a request, as it has said.
fn hold(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 900\r\nExpect: 100-continue\r\n\r\n",
        server.live
    );
    // It may be refused, or break because it is.
    let _ = stream.write_all(head.as_bytes());
    let mut answer = [0; 25];
    let _ = stream.read_exact(&mut answer);
    stream
}

/// What a new connection gets for a request.
fn ask(server: &Server) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    // A connection that is refused may be closed at any time.
    match stream.write_all(request).and_then(|()| stream.read_to_string(&mut answer)) {
        Ok(_) => answer,
        Err(error) => error.to_string(),
    }
}

/// Asks until a connection is refused in words: one that is refused may also be closed before they
/// can be read.
#[track_caller]
fn assert_refuses(server: &Server) {
    let mut answer = String::new();
    wait_until("a connection is refused", || {
        answer = ask(server).to_lowercase();
        answer.starts_with("http/1.1 503 ")
    });
    for part in ["connection: close", "retry-after: 1", r#""code":"unavailable""#] {
        assert!(answer.contains(part), "{answer}");
    }
}

#[test]
fn an_address_has_so_many_connections_and_a_closed_one_makes_room() {
    let server = Server::start_with(&[NO_LIMITS, ("PIVOTAL_CONNECTIONS_PER_ADDRESS", "8")]);
    let mut held: Vec<_> = (0..8).map(|_| hold(&server)).collect();
    for _ in 0..3 {
        assert_refuses(&server);
    }
    held.pop();
    wait_until("there is room", || ask(&server).starts_with("HTTP/1.1 200"));
    let reported = "127.0.0.1 has 8 open connections";
    wait_until("the refusals are in the log", || server.log().contains(reported));
    assert_eq!(server.log().matches(reported).count(), 1, "{}", server.log());
}

#[test]
fn a_trusted_proxy_may_have_more_connections_than_an_address() {
    let server = Server::start_with(&[
        NO_LIMITS,
        ("PIVOTAL_CONNECTIONS_PER_ADDRESS", "4"),
        ("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let _held: Vec<_> = (0..20).map(|_| hold(&server)).collect();
    assert!(ask(&server).starts_with("HTTP/1.1 200"));
}

#[test]
fn the_server_has_so_many_connections_for_everybody() {
    let server = Server::start_with(&[
        NO_LIMITS,
        ("PIVOTAL_CONNECTIONS_MAX", "16"),
        ("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let held: Vec<_> = (0..16).map(|_| hold(&server)).collect();
    assert_refuses(&server);
    drop(held);
    wait_until("there is room", || ask(&server).starts_with("HTTP/1.1 200"));
    let reported = "all 16 connections are in use";
    wait_until("the refusals are in the log", || server.log().contains(reported));
    assert_eq!(server.log().matches(reported).count(), 1, "{}", server.log());
}

/// More connections than there are descriptors: those that were open go on being served, also
/// where the database is asked, and others are refused.
#[cfg(target_os = "linux")]
#[test]
fn no_number_of_connections_takes_the_descriptors_that_the_server_needs() {
    let limit = ["prlimit", "--nofile=256:256"].map(str::to_owned);
    let dir = Arc::new(tempfile::tempdir().unwrap());
    // Two threads, so that it does not depend on the machine how many descriptors are left.
    let variables = [NO_LIMITS, ("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1"), ("PIVOTAL_WORKERS", "2")];
    let server = Server::start_under(&limit, dir, &variables).unwrap();
    let reduced = "connections.max is reduced from 4096 to 156";
    wait_until("the lower limit is logged", || server.log().contains(reduced));
    let client: Client = server.client();
    client.customer("Aurora");

    let held: Vec<_> = (0..200).map(|_| hold(&server)).collect();
    let refused = "all 156 connections are in use";
    wait_until("a connection is refused", || server.log().contains(refused));
    // On the connection that this client keeps.
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
    wait_until("there is room", || ask(&server).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_response_that_is_sent_while_the_server_stops_closes_the_connection() {
    let mut server = Server::start();
    let mut stream = hold(&server);
    server.signal("-TERM");
    wait_until("the server is stopping", || server.log().contains("stopping"));
    wait_until("the socket is closed", || TcpStream::connect(server.address()).is_err());
    let body = format!("{:900}", r#"{"name":"Aurora"}"#);
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    wait_until("the server has ended", || !server.is_running());
}

/// Only as many requests are parsed as fit in what is read in advance, which is little.
#[cfg(target_os = "linux")]
#[test]
fn requests_behind_a_response_that_nobody_reads_take_little_memory() {
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
            // Less than the response, however much the server may have sent.
            socket.set_recv_buffer_size(4096).unwrap();
            socket.connect(&server.address().into()).unwrap();
            let mut stream = TcpStream::from(socket);
            stream.write_all(requests.as_bytes()).unwrap();
            // The server has begun to respond, so it has read what it reads in advance.
            stream.read_exact(&mut [0; 100]).unwrap();
            stream
        })
        .collect();
    let taken = server.memory().saturating_sub(before);
    assert!(taken < 100, "{taken} MiB for {} connections", held.len());
}
