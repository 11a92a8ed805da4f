//! Where a server listens: several addresses, Unix sockets, and TLS.

mod addresses;
#[cfg(unix)]
mod sockets;
#[cfg(unix)]
mod tls;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::command;

const HEALTH: &str = "GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A running server without keys, on any addresses.
struct Listening {
    dir: TempDir,
    child: Child,
    announcement: Value,
}

impl Listening {
    /// Starts a server. Returns what it says if it doesn't start.
    fn try_start(dir: TempDir, args: &[&str], variables: &[(&str, &str)]) -> Result<Self, String> {
        let log = dir.path().join("log");
        let mut child = command(dir.path())
            .args(["--json", "serve", "--no-bootstrap"])
            .args(args)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Ok(announcement) = serde_json::from_str(&line) else {
            assert_eq!(child.wait().unwrap().code(), Some(1));
            return Err(std::fs::read_to_string(log).unwrap());
        };
        Ok(Self { dir, child, announcement })
    }

    fn start(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::try_start(dir, args, variables).unwrap_or_else(|said| panic!("{said}"))
    }

    fn addresses(&self) -> Vec<&str> {
        self.announcement["addresses"].as_array().unwrap().iter().map(text).collect()
    }

    /// The first address that starts with `scheme`.
    fn tcp(&self, scheme: &str) -> SocketAddr {
        let found = self.addresses().into_iter().find_map(|one| one.strip_prefix(scheme));
        found.unwrap().parse().unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    fn stop(&mut self) {
        self.signal("-TERM");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }

    /// Runs a command with the server's data directory.
    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
        let output =
            command(self.dir.path()).args(args).envs(variables.iter().copied()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends a request and returns everything received until the server closes the connection.
fn exchange(mut stream: impl Read + Write, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[cfg(unix)]
fn exchange_through(socket: &std::path::Path, request: &str) -> String {
    exchange(std::os::unix::net::UnixStream::connect(socket).unwrap(), request)
}

/// A free path for a socket, as an address and as a path.
#[cfg(unix)]
fn socket_in(dir: &TempDir) -> (String, PathBuf) {
    let path = dir.path().join("api.sock");
    (format!("unix:{}", path.display()), path)
}
