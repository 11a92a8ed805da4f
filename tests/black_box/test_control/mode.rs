//! Whether a server has test control, and how it says so.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::Value;

use super::{Control, start};
use crate::support::{PASSWORD, Response, Server, command, command_in};

#[test]
fn a_server_without_test_control_has_no_trace_of_it() {
    let server = Server::start();
    let (control, anonymous) = (Control::new(&server), server.anonymous());
    let nowhere = anonymous.try_send("GET", "/api/nowhere", &[], None).unwrap();
    for (method, path) in [
        ("GET", "/clock"),
        ("PUT", "/clock"),
        ("POST", "/faults"),
        ("DELETE", "/requests"),
        ("POST", "/drain"),
        ("POST", "/workspaces"),
        ("POST", "/workspaces/default/reset"),
        ("GET", ""),
    ] {
        let response = control.send(method, path, &[("Origin", "http://example.com")], None);
        assert_eq!((response.status, &response.body), (404, &nowhere.body), "{method} {path}");
        let names = |response: &Response| -> BTreeSet<String> {
            response.headers.keys().map(ToString::to_string).collect()
        };
        assert_eq!(names(&response), names(&nowhere), "{method} {path}");
    }
    assert_eq!(anonymous.get("/health").expect(200).get("test_control"), None);
    server.signed_in().get("/admin").expect(200).hides("Test control");
    assert!(!server.log().contains("test control"), "{}", server.log());
}

#[test]
fn a_server_with_test_control_says_so() {
    let (server, _) = start();
    assert_eq!(server.anonymous().get("/health").expect(200)["test_control"], true);
    assert!(server.set_password(PASSWORD).status.success());
    let visitor = server.visitor();
    visitor.get("/admin/sign-in").expect(200).shows("Test control is on");
    visitor.sign_in();
    visitor.get("/admin").expect(200).shows("Test control is on");
}

/// Runs `serve` until it has printed its first line, and returns that line.
fn first_line(arguments: &[&str]) -> String {
    use std::io::{BufRead, BufReader};
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(dir.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--no-bootstrap"])
        .args(arguments)
        .env("PIVOTAL_ADMIN_ENABLED", "false")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    line
}

#[test]
fn the_first_line_says_whether_test_control_is_on() {
    assert!(first_line(&["--test-control"]).ends_with(" (test control is on)\n"));
    assert!(!first_line(&[]).contains("test control"));
    for (arguments, is_on) in [(&["--json", "--test-control"][..], true), (&["--json"], false)] {
        let announcement: Value = serde_json::from_str(&first_line(arguments)).unwrap();
        assert_eq!(announcement["test_control"], is_on);
    }
}

/// Runs a command that must fail, and returns what it wrote to stderr.
fn refusal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let output =
        command(dir.path()).args(arguments).envs(variables.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "no database is created");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn test_control_without_a_token_is_refused_on_an_address_that_others_can_reach() {
    let on = ("PIVOTAL_TEST_CONTROL_ENABLED", "true");
    for address in ["0.0.0.0:0", "[::]:0"] {
        let by_flag = refusal(&["serve", "--test-control", "--listen", address], &[]);
        assert_eq!(by_flag, refusal(&["serve", "--listen", address], &[on]));
        assert!(
            by_flag.contains("--test-control-token or PIVOTAL_TEST_CONTROL_TOKEN"),
            "{by_flag}"
        );
    }
}

#[test]
fn test_control_without_a_token_is_refused_behind_a_proxy() {
    let proxies = ("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1");
    for flag in ["--test-control", "--ephemeral"] {
        let dir = tempfile::tempdir().unwrap();
        let refused = command_in(dir.path())
            .args(["serve", "--listen", "127.0.0.1:0", flag])
            .envs([proxies])
            .output()
            .unwrap();
        assert_eq!(refused.status.code(), Some(1));
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(error.contains("`trusted_proxies`"), "{error}");
        assert!(error.contains("--test-control-token"), "{error}");
    }
}

#[test]
fn a_token_needs_test_control_and_is_never_shown() {
    let alone = refusal(&["serve", "--test-control-token", "a-long-token"], &[]);
    assert!(alone.contains("has no effect without --test-control"), "{alone}");
    let short = refusal(&["serve", "--test-control", "--test-control-token", "s3cret"], &[]);
    assert!(short.contains("--test-control-token must be 8 to 256"), "{short}");
    let variable = refusal(&["serve"], &[("PIVOTAL_TEST_CONTROL_TOKEN", "s3cret")]);
    assert!(variable.contains("`PIVOTAL_TEST_CONTROL_TOKEN` must be 8 to 256"), "{variable}");
    let dir = tempfile::tempdir().unwrap();
    let config = command(dir.path())
        .args(["--json", "config"])
        .env("PIVOTAL_TEST_CONTROL_TOKEN", "s3cret-token")
        .output()
        .unwrap();
    let config = String::from_utf8(config.stdout).unwrap();
    assert!(config.contains(r#"{"name":"test_control.token","value":"(hidden)""#), "{config}");
    for text in [alone, short, variable, config] {
        assert!(!text.contains("s3cret") && !text.contains("a-long-token"), "{text}");
    }
}
