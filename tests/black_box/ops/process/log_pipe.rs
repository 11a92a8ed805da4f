//! The log goes to a pipe or a file that something else reads. If it is full, closed, or not read,
//! the server still responds.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Client, Server, command, wait_until};

/// A server with a given stderr. It is killed when it is dropped.
struct LoggingServer {
    child: Child,
    address: SocketAddr,
    key: String,
    _dir: TempDir,
}

impl LoggingServer {
    fn start(stderr: Stdio) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut child = command(dir.path())
            .args(["--json", "serve", "--listen", "127.0.0.1:0"])
            .env("PIVOTAL_RATE_LIMITS_ENABLED", "false")
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let address = said["listening"].as_str().unwrap().strip_prefix("http://").unwrap();
        Self {
            address: address.parse().unwrap(),
            key: said["keys"][0]["key"].as_str().unwrap().to_owned(),
            child,
            _dir: dir,
        }
    }

    /// Sends this many requests with long paths, each of which logs a long line.
    fn send(&self, requests: usize) {
        let client = Client::new(self.address, Some(&self.key));
        let path = format!("/customers/{}", "x".repeat(1000));
        for _ in 0..requests {
            client.get(&path).expect(404);
        }
    }

    fn terminate(&mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        wait_until("the server has ended", || self.child.try_wait().unwrap().is_some());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for LoggingServer {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// More requests than a pipe and the log queue can hold.
const MANY: usize = 1500;

#[test]
fn an_unread_log_drops_and_counts_lines_and_blocks_no_request() {
    let mut server = LoggingServer::start(Stdio::piped());
    server.send(MANY);
    let mut log = BufReader::new(server.child.stderr.take().unwrap());
    let (mut logged, mut dropped) = (0, None);
    while dropped.is_none() {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "a line must say how many are missing");
        logged += usize::from(line.contains("method=GET path=/api/v1/customers/xxx"));
        dropped = line.split("log lines dropped: ").nth(1).map(|rest| {
            assert!(line.contains(" WARN "), "{line}");
            rest.split(';').next().unwrap().parse::<usize>().unwrap()
        });
    }
    assert!(dropped > Some(0));
    assert_eq!(logged + dropped.unwrap(), MANY, "every line must be either there or counted");

    // Once the log is read again, no line is missing.
    let rest = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        text
    });
    server.send(3);
    server.terminate();
    let rest = rest.join().unwrap();
    assert_eq!(rest.matches("method=GET").count(), 3, "{rest}");
    let last = rest.lines().last().unwrap();
    assert!(last.contains(" INFO  stopped reason=SIGTERM "), "it must be written too: {rest}");
}

#[test]
fn a_server_with_an_unread_log_can_stop() {
    let mut server = LoggingServer::start(Stdio::piped());
    server.send(MANY);
    server.terminate();
}

#[test]
fn a_log_that_cannot_be_written_does_not_affect_the_server() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut server = LoggingServer::start(full.into());
    server.send(3);
    server.terminate();

    let mut server = LoggingServer::start(Stdio::piped());
    drop(server.child.stderr.take());
    server.send(3);
    server.terminate();
}

/// A pipe without room for another byte, with its reading end.
fn full_pipe() -> (std::io::PipeReader, Stdio) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    // The capacity of a pipe on Linux, pipe(7).
    writer.write_all(&[b'x'; 65536]).unwrap();
    (reader, writer.into())
}

#[test]
fn a_failing_command_exits_although_its_error_is_not_read() {
    let empty = tempfile::tempdir().unwrap();
    for (args, code) in [(&["keys", "list"][..], 1), (&["dance"], 2)] {
        let (_reader, stderr) = full_pipe();
        let mut child = command(empty.path()).args(args).stderr(stderr).spawn().unwrap();
        wait_until("the command has ended", || child.try_wait().unwrap().is_some());
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}

#[test]
fn a_failed_start_prints_its_error_even_if_logging_is_off() {
    let (server, other) = (Server::start(), tempfile::tempdir().unwrap());
    let output = command(other.path())
        .args(["serve", "--listen", &server.address().to_string()])
        .env("PIVOTAL_LOG", "off")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("error: ") && said.contains("another process uses this address"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}
