//! Clients that send or read too slowly lose their connection, with a 408 where they can still read
//! it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{Server, wait_until};

/// A server with timeouts of one second instead of ten or more.
fn start_impatient() -> Server {
    Server::start_with(&[
        ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
        ("PIVOTAL_CONNECTIONS_GRACE", "1s"),
        ("PIVOTAL_CONNECTIONS_STALL_TIMEOUT", "1s"),
        ("PIVOTAL_KEEP_ALIVE", "1s"),
    ])
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends part of a request and returns everything received until the server closes the connection.
fn send_and_read(server: &Server, bytes: &[u8]) -> String {
    let mut stream = connect(server);
    stream.write_all(bytes).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[track_caller]
fn assert_too_slow(response: &str) {
    let response = response.to_lowercase();
    assert!(response.starts_with("http/1.1 408 "), "{response}");
    assert!(response.contains("connection: close"), "{response}");
    assert!(response.contains(r#""code":"request_timeout""#), "{response}");
    assert!(response.contains(r#""type":"invalid_request_error""#), "{response}");
}

#[test]
fn a_body_that_does_not_arrive_gets_a_408() {
    let server = start_impatient();
    let head = format!(
        "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n",
        server.live
    );
    for body in ["Content-Length: 900\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"] {
        let response = send_and_read(&server, format!("{head}{body}").as_bytes());
        assert_too_slow(&response);
        assert!(response.to_lowercase().contains("x-request-id: "), "{response}");
    }
    assert!(server.client().walk("/customers?limit=100").is_empty());
}

#[test]
fn without_a_key_the_server_does_not_wait_for_the_body() {
    let server = Server::start();
    let head = "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{";
    let mut stream = connect(&server);
    stream.write_all(head.as_bytes()).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 401");
}

#[test]
fn a_form_that_does_not_arrive_gets_an_error_page() {
    let server = start_impatient();
    let visitor = server.visitor();
    visitor.get("/admin/sign-in");
    let form = format!(
        "POST /admin/sign-in HTTP/1.1\r\nHost: {}\r\nCookie: pivotal_admin={}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\np",
        server.address(),
        visitor.cookie().unwrap(),
    );
    let answer = send_and_read(&server, form.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("The form took too long to arrive."), "{answer}");
}

#[test]
fn a_form_without_a_session_is_not_read() {
    let server = Server::start();
    let visitor = server.visitor();
    visitor.get("/admin/sign-in");
    let head = |path: &str, length: u32| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nCookie: pivotal_admin={}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n",
            server.address(),
            visitor.cookie().unwrap(),
        )
    };
    for (path, length, status) in
        [("/customers", 200_000, "303"), ("/admin/sign-in", 200_000, "413")]
    {
        let mut stream = connect(&server);
        stream.write_all(head(path, length).as_bytes()).unwrap();
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(start, format!("HTTP/1.1 {status}").as_bytes(), "{path}");
    }
}

#[test]
fn headers_that_do_not_arrive_get_a_408_even_after_other_requests() {
    let server = start_impatient();
    let half = "GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    assert_too_slow(&send_and_read(&server, half.as_bytes()));

    let mut stream = connect(&server);
    stream.write_all(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut first = [0; 4096];
    let read = stream.read(&mut first).unwrap();
    assert!(first[..read].starts_with(b"HTTP/1.1 200"));
    stream.write_all(half.as_bytes()).unwrap();
    let mut second = String::new();
    stream.read_to_string(&mut second).unwrap();
    // The body of the first response may arrive late.
    assert_too_slow(&second[second.find("HTTP/1.1 408").unwrap()..]);
}

#[test]
fn an_idle_connection_is_closed_without_a_response() {
    let server = start_impatient();
    assert_eq!(send_and_read(&server, b""), "");
    let response = send_and_read(&server, b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(response.matches("HTTP/1.1").count(), 1, "{response}");
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert!(response.ends_with('}'), "{response}");
}

#[test]
fn a_client_that_does_not_read_is_disconnected() {
    let server = start_impatient();
    let mut stream = connect(&server);
    let text = b"GET /llms-full.txt HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(&text.repeat(16)).unwrap();
    // The server sends as many responses as the kernel buffers, and then waits in vain.
    let gone = || {
        let mut probe = stream.try_clone().unwrap();
        probe.write_all(b"\r\n").err().map(|error| error.kind())
    };
    wait_until("the server has closed", || {
        matches!(gone(), Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe))
    });
    server.client().get("/me").expect(200);
}

#[test]
fn upgrade_requests_are_treated_as_ordinary_requests() {
    let server = Server::start();
    server.client().customer("Aurora");
    for upgrade in [
        "Upgrade: websocket\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\n",
        "Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n",
        "Connection: upgrade\r\n",
    ] {
        let request = |method: &str, path: &str, key: &str, body: &str| {
            let length = match body.len() {
                0 => String::new(),
                length => format!("Content-Length: {length}\r\n"),
            };
            let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{key}{upgrade}{length}");
            // The request ends here, but the connection stays open.
            let mut stream = connect(&server);
            stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
            let mut start = [0; 12];
            stream.read_exact(&mut start).unwrap();
            String::from_utf8_lossy(&start[9..]).into_owned()
        };
        let key = format!("Authorization: Bearer {}\r\n", server.live);
        let body = r#"{"name":"Borealis"}"#;
        assert_eq!(request("GET", "/api/v1/me", &key, ""), "200", "{upgrade}");
        assert_eq!(request("GET", "/api/v1/me", "", ""), "401", "{upgrade}");
        assert_eq!(request("POST", "/api/v1/customers", &key, body), "201", "{upgrade}");
        assert_eq!(request("POST", "/api/v1/customers", &key, ""), "400", "{upgrade}");
        assert_eq!(request("DELETE", "/api/v1/customers/9", &key, ""), "404", "{upgrade}");
        assert_eq!(request("GET", "/admin/sign-in", "", ""), "303", "{upgrade}");
    }
}
