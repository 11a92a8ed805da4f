//! `health`: the health check of a container.

use std::net::TcpListener;

use serde_json::Value;

use crate::support::{Server, command_in};

/// Runs `health` with these settings and returns its exit code and its output.
fn health(args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let mut command = command_in(dir.path());
    let output = command.arg("health").args(args).envs(variables.iter().copied()).output().unwrap();
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
