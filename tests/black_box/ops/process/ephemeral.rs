//! `serve --ephemeral`: a database that exists only as long as its server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::json;

use crate::support::{Ephemeral, command, command_in, wait_until};

#[test]
fn an_ephemeral_server_is_ready_to_use_and_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    // The settings of the server that it stands in for.
    let elsewhere = parent.path().join("data");
    let variables =
        [("PIVOTAL_LISTEN", "127.0.0.1:1"), ("PIVOTAL_DATA_DIR", elsewhere.to_str().unwrap())];
    let server = Ephemeral::start_with(parent.path(), &[], &variables);
    assert!(server.address().ip().is_loopback());
    assert_eq!(server.announcement["test_control"], true);
    let modes: Vec<_> =
        server.announcement["keys"].as_array().unwrap().iter().map(|key| &key["mode"]).collect();
    assert_eq!(modes, [&json!("live"), &json!("test")]);
    let client = server.client();
    assert_eq!(client.customer("Aurora")["display_id"], 1);
    let limited = (0..40).find(|_| client.get("/me").status != 200);
    assert_eq!(limited, None, "there is no rate limit");
    assert!(client.get("/me").headers.get("x-ratelimit-limit").is_none());
    let [dir] = &Ephemeral::directories(parent.path())[..] else { panic!("no directory") };
    let mode = std::os::unix::fs::PermissionsExt::mode(&dir.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    server.signal("-TERM");
    assert_eq!(server.wait(), (Some(0), String::new()), "the log is quiet");
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn an_ephemeral_server_stops_when_its_stdin_is_closed_if_asked_to() {
    let parent = tempfile::tempdir().unwrap();
    let mut stays = Ephemeral::start(parent.path());
    let mut ends = Ephemeral::start_with(parent.path(), &["--exit-with-parent"], &[]);
    stays.stdin = None;
    ends.stdin = None;
    assert_eq!(ends.wait().0, Some(0));
    assert_eq!(stays.client().get("/me").status, 200);
    assert_eq!(Ephemeral::directories(parent.path()).len(), 1);
}

#[test]
fn a_server_says_so_if_its_stdin_was_closed_from_the_start() {
    let parent = tempfile::tempdir().unwrap();
    // As a shell starts its background jobs.
    let output = command_in(parent.path())
        .args(["serve", "--ephemeral", "--exit-with-parent"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("WARN") && log.contains("stdin was already closed"), "{log}");
    assert!(log.contains("remove --exit-with-parent"), "{log}");
}

#[test]
fn the_next_start_removes_what_a_killed_server_left_but_no_running_one() {
    let parent = tempfile::tempdir().unwrap();
    let running = Ephemeral::start(parent.path());
    let [kept] = &Ephemeral::directories(parent.path())[..] else { panic!("no directory") };
    let killed = Ephemeral::start(parent.path());
    killed.signal("-KILL");
    assert_eq!(killed.wait().0, None);
    assert_eq!(Ephemeral::directories(parent.path()).len(), 2);
    let next = Ephemeral::start(parent.path());
    wait_until("the leftovers are removed", || Ephemeral::directories(parent.path()).len() == 2);
    assert!(kept.exists());
    for server in [&running, &next] {
        server.client().customer("Aurora");
    }
}

#[test]
fn a_second_signal_also_removes_the_directory() {
    let parent = tempfile::tempdir().unwrap();
    let server = Ephemeral::start(parent.path());
    // A request whose body never arrives keeps the server from stopping at once.
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        server.key("live")
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = [0; 12];
    stream.read_exact(&mut response).unwrap();
    server.signal("-TERM");
    server.signal("-INT");
    // On a busy machine, the server can have stopped by itself.
    let (code, log) = server.wait();
    assert!(matches!(code, Some(0 | 130 | 143)), "{code:?}: {log}");
    assert_eq!(Ephemeral::directories(parent.path()).len(), 0);
}

#[test]
fn settings_that_are_set_still_apply() {
    let parent = tempfile::tempdir().unwrap();
    let variables = [("PIVOTAL_RATE_LIMITS_ENABLED", "true"), ("PIVOTAL_LOG", "info")];
    let server = Ephemeral::start_with(parent.path(), &["--no-bootstrap"], &variables);
    assert_eq!(server.announcement["keys"], json!([]));
    server.signal("-INT");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0));
    assert!(log.contains("stopping on SIGINT"), "{log}");
}

#[test]
fn flags_of_a_data_directory_are_refused() {
    let parent = tempfile::tempdir().unwrap();
    let refused = command(parent.path()).args(["serve", "--ephemeral"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("--ephemeral uses a temporary directory; remove --data-dir"), "{error}");
    for flag in ["--new-database", "--resume-deliveries"] {
        let refused = command_in(parent.path()).args(["serve", "--ephemeral", flag]).output();
        assert_eq!(refused.unwrap().status.code(), Some(2), "{flag}");
    }
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
}
