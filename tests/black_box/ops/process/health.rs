//! `health`, the health check of a container, and `wait`, which waits until it succeeds.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::support::{Server, command_in, wait_until};

/// Runs `health` with these settings and returns its exit code and its output.
fn health(args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    run(&[&["health"], args].concat(), variables)
}

fn run(args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command_in(dir.path());
    let output = command.args(args).envs(variables.iter().copied()).output().unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "it needs no data directory");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_server_that_can_work_is_healthy() {
    let server = Server::start();
    let url = format!("http://{}", server.address());
    assert_eq!(health(&["--url", &url], &[]), (Some(0), format!("{url} is ok\n")));
    let (code, json) = health(&["--json", "--url", &url], &[]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["checks"]["write"]), (Some(0), &Value::from("ok")));
}

#[test]
fn the_address_comes_from_the_settings() {
    let server = Server::start();
    // How a container listens. The check runs inside the container.
    let listen = format!("0.0.0.0:{}", server.address().port());
    let (code, text) = health(&[], &[("PIVOTAL_LISTEN", &listen)]);
    assert_eq!(code, Some(0));
    assert_eq!(text, format!("http://127.0.0.1:{} is ok\n", server.address().port()));
}

#[test]
fn a_server_that_cannot_work_is_not_healthy() {
    let server = Server::start();
    let url = format!("http://{}", server.address());
    std::fs::rename(server.database(), server.dir().join("moved")).unwrap();
    let (code, error) = health(&["--url", &url], &[]);
    assert_eq!(code, Some(1));
    assert!(error.starts_with(&format!("error: {url} is not healthy: ")), "{error}");
    assert!(error.contains("write: "), "{error}");
}

#[test]
fn a_server_that_is_not_there_is_not_healthy() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let (code, error) = health(&["--url", &url], &[]);
    assert_eq!(code, Some(1));
    assert!(error.starts_with(&format!("error: {url} is not healthy: ")), "{error}");
    assert!(error.contains("refused"), "{error}");
}

#[test]
fn a_locked_database_is_reported_in_time_with_what_holds_it() {
    let server = Server::start();
    let client = server.anonymous();
    let conn = server.sqlite();
    conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    // A write waits for five seconds. The text says that this response didn't.
    let this = format!("(process {})", std::process::id());
    let mut deep = Value::Null;
    // The list of locks can change while it is being read, so a single read can miss one.
    wait_until("the holder is named", || {
        deep = client.get("/api/health/deep").expect(503);
        let write = deep["checks"]["write"].as_str().unwrap();
        assert!(write.starts_with("no result within 800ms"), "{write}");
        write.contains(&this)
    });
    assert_eq!((&deep["status"], &deep["checks"]["read"]), (&"unavailable".into(), &"ok".into()));
    let (code, error) = health(&["--url", &server.origin()], &[]);
    assert_eq!(code, Some(1));
    assert!(error.contains("write: no result within 800ms"), "{error}");
    conn.execute_batch("ROLLBACK").unwrap();
    wait_until("it is healthy again", || client.get("/api/health/deep").status == 200);
}

#[test]
fn sizes_and_ages_are_part_of_the_deep_health() {
    let server = Server::start_with(&[("PIVOTAL_BACKUP_EVERY", "1h")]);
    let mut deep = Value::Null;
    wait_until("there is a backup", || {
        deep = server.anonymous().get("/api/health/deep").json();
        deep["checks"]["backup"] == "ok"
    });
    let number = |name: &str| deep["checks"][name].as_u64().unwrap_or_else(|| panic!("{deep}"));
    assert_eq!(number("database_bytes"), server.database().metadata().unwrap().len());
    let log = server.dir().join("pivotal.db-wal").metadata().unwrap().len();
    assert!((1..=log).contains(&number("wal_bytes")), "{deep} {log}");
    assert!(number("disk_free_bytes") > 0);
    assert!(number("backup_age_seconds") < 3600);
    assert_eq!(deep["checks"]["backup_after"], "off");
}

/// Responds to one request with this health, and returns its path.
fn respond(listener: &TcpListener, status: &str, health: &str) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let request = lines.next().unwrap();
    assert!(lines.any(|line| line.is_empty()), "the request is complete");
    let length = health.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{head}{health}").as_bytes()).unwrap();
    request.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn wait_ends_as_soon_as_the_server_is_healthy_also_below_a_path() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/pivotal/", listener.local_addr().unwrap());
    let waiting = std::thread::spawn({
        let url = url.clone();
        move || run(&["wait", "--url", &url], &[])
    });
    let locked = r#"{"status":"unavailable","checks":{"write":"locked"}}"#;
    for (status, health) in [
        ("502 Bad Gateway", "the server is not there yet"),
        ("503 Service Unavailable", locked),
        ("200 OK", r#"{"status":"ok","checks":{}}"#),
    ] {
        assert_eq!(respond(&listener, status, health), "/pivotal/api/health/deep");
    }
    let url = url.trim_end_matches('/');
    assert_eq!(waiting.join().unwrap(), (Some(0), format!("{url} is ok\n")));
}

#[test]
fn wait_says_what_it_waited_for_when_the_time_is_up() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let (code, error) = run(&["wait", "--url", &url, "--timeout", "200ms"], &[]);
    assert_eq!(code, Some(1));
    let begin = format!("error: waited 200ms for {url} to be healthy, but it is not: ");
    assert!(error.starts_with(&begin) && error.contains("refused"), "{error}");
    let (code, error) = run(&["wait", "--timeout", "soon"], &[]);
    assert_eq!(code, Some(2));
    assert!(error.contains("must be a duration of up to 24h"), "{error}");
}
