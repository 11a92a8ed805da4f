//! Signals: how the server and long-running commands stop.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Server, command, command_under, wait_until};

/// Signals that stop a process, their numbers, and the exit code of a process that they interrupt.
const ALL: [(&str, u32, i32); 3] = [("-HUP", 1, 129), ("-INT", 2, 130), ("-TERM", 15, 143)];

/// A wrapper that starts a process with the given handling of signals, independent of the test
/// runner.
fn with_signals(how: &str, signals: &str) -> Vec<String> {
    vec!["env".to_owned(), format!("--{how}-signal={signals}")]
}

fn start(how: &str) -> Server {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    Server::start_under(&with_signals(how, "HUP"), dir, &[]).unwrap()
}

#[test]
fn every_stop_signal_lets_the_server_finish() {
    for (signal, ..) in ALL {
        let mut server = start("default");
        server.client().customer("Aurora");
        server.signal(signal);
        assert_eq!(server.wait(), Some(0), "{signal}");
        let name = signal.trim_start_matches('-');
        assert!(server.log().contains(&format!("stopping on SIG{name}")), "{}", server.log());
        assert!(!server.dir().join("pivotal.db-wal").exists(), "the database must be closed");
    }
}

#[test]
fn a_server_under_nohup_ignores_sighup() {
    let mut server = start("ignore");
    server.signal("-HUP");
    server.client().customer("Aurora");
    assert!(server.is_running());
    assert_eq!(server.stop(), Some(0));
    assert!(!server.log().contains("SIGHUP"));
}

#[test]
fn a_second_signal_ends_the_server_at_once_without_losing_acknowledged_changes() {
    for (signal, _, code) in ALL {
        let mut server = start("default");
        server.client().customer("Aurora");
        // A request whose body never arrives stays in flight until the shutdown timeout.
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
            server.live
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut response = [0; 12];
        stream.read_exact(&mut response).unwrap();
        assert_eq!(&response, b"HTTP/1.1 100", "the server must be waiting for the body");

        server.signal("-TERM");
        wait_until("the server is stopping", || server.log().contains("stopping on SIGTERM"));
        assert!(server.is_running());
        server.signal(signal);
        assert_eq!(server.wait(), Some(code), "{signal}");
        assert!(server.log().contains("WARN  SIG"), "{}", server.log());
        let server = server.restart();
        assert_eq!(server.client().get("/customers/1").expect(200)["name"], "Aurora");
    }
}

fn create_workspace(dir: &Path) {
    let create = ["workspaces", "create", "--slug", "acme", "--name", "Acme"];
    assert!(command(dir).args(create).output().unwrap().status.success());
}

/// A database that takes a while to copy and check.
fn large_database() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    create_workspace(dir.path());
    let conn = Connection::open(dir.path().join("pivotal.db")).unwrap();
    conn.execute_batch(
        "PRAGMA synchronous = OFF;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
         INSERT INTO idempotency_keys
             (workspace_no, endpoint, key, body_digest, status, body, created_at)
         SELECT 1, 'x', CAST(i AS BLOB), zeroblob(32), 201, zeroblob(200), i FROM n",
    )
    .unwrap();
    dir
}

/// The names of the files in a directory, except locks.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let all = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = all.filter(|name| !name.ends_with(".lock")).collect();
    names.sort();
    names
}

/// Starts a command that any of the signals can interrupt.
fn spawn(dir: &Path, args: &[&str]) -> Child {
    let mut command = command_under(&with_signals("default", "HUP,INT,TERM"), dir);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

/// The one-line error of an interrupted command.
fn interrupted(output: &Output, signal: &str, code: i32) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{signal}: {said}");
    let name = signal.trim_start_matches('-');
    assert!(said.starts_with(&format!("error: interrupted by SIG{name}: ")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(output.stdout.is_empty());
    said
}

#[test]
fn an_interrupted_backup_or_restore_removes_its_files() {
    let dir = large_database();
    let source = dir.path().join("pivotal.db");
    let source = source.to_str().unwrap();
    let target = tempfile::tempdir().unwrap();
    let copy = target.path().join("copy.db");
    create_workspace(target.path());
    let before = fs::read(target.path().join("pivotal.db")).unwrap();
    for (signal, _, code) in ALL {
        let child = spawn(dir.path(), &["backup", copy.to_str().unwrap()]);
        let draft = target.path().join("copy.db.partial");
        wait_until("the backup has begun", || draft.exists());
        send(&child, signal);
        let said = interrupted(&child.wait_with_output().unwrap(), signal, code);
        assert!(said.contains("no backup was made"), "{said}");
        assert_eq!(names(target.path()), ["pivotal.db"]);

        let child = spawn(target.path(), &["restore", source, "--replace"]);
        let draft = target.path().join("pivotal.db.restoring");
        wait_until("the restore has begun", || draft.exists());
        send(&child, signal);
        let said = interrupted(&child.wait_with_output().unwrap(), signal, code);
        assert!(said.contains("nothing was restored"), "{said}");
        assert_eq!(names(target.path()), ["pivotal.db"]);
        assert_eq!(fs::read(target.path().join("pivotal.db")).unwrap(), before);
    }
}

/// Whether a signal is in one of the signal sets that Linux reports for a process.
fn has_signal(child: &Child, set: &str, number: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix(set)).unwrap();
    u64::from_str_radix(mask.trim_start_matches(':').trim(), 16).unwrap() & 1 << (number - 1) != 0
}

fn workspaces(dir: &Path) -> usize {
    let output = command(dir).args(["--json", "workspaces", "list"]).output().unwrap();
    serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().len()
}

#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    for (signal, number, code) in ALL {
        let database = dir.path().join("pivotal.db");
        let is_new = !database.exists();
        // With this lock held, the command waits before it changes anything. In a new database, the
        // signal must arrive while the command hashes keys and creates data.
        let conn = (!is_new).then(|| Connection::open(&database).unwrap());
        conn.iter().for_each(|conn| conn.execute_batch("BEGIN IMMEDIATE").unwrap());
        let child = spawn(dir.path(), &["demo"]);
        wait_until("the demo handles signals", || has_signal(&child, "SigCgt", number));
        send(&child, signal);
        wait_until("the signal has arrived", || !has_signal(&child, "ShdPnd", number));
        drop(conn);
        let said = interrupted(&child.wait_with_output().unwrap(), signal, code);
        assert_eq!(said.contains("the new database"), is_new, "{said}");
        assert_eq!(workspaces(dir.path()), 0);
    }
    assert!(command(dir.path()).arg("demo").output().unwrap().status.success());
}
