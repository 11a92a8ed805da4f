//! Keys that are known before their database exists: `keys generate`, the `bootstrap` settings, and
//! `keys import`.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;

use serde_json::Value;

use crate::support::{Ephemeral, Server, command, run_with};

const LIVE: &str = "PIVOTAL_BOOTSTRAP_LIVE_KEY";
const TEST: &str = "PIVOTAL_BOOTSTRAP_TEST_KEY";

/// Generates a key, as the command prints it with `--json`.
fn generate(args: &[&str]) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let output = command(dir.path()).args(["--json", "keys", "generate"]).args(args).output();
    let output = output.unwrap();
    assert!(output.status.success());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "it needs no database");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn secret(key: &Value) -> &str {
    key["key"].as_str().unwrap()
}

/// Runs `keys import` with this text on stdin.
fn import(dir: &Path, stdin: &str, args: &[&str]) -> Output {
    run_with(dir, &[&["--json", "keys", "import"], args].concat(), stdin.as_bytes(), &[])
}

fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_generated_key_is_well_formed_and_names_its_mode() {
    for (args, mode, marker) in
        [(&[][..], "live", "pivotal_"), (&["--test"], "test", "pivotal_test_")]
    {
        let key = generate(args);
        assert_eq!(key["mode"], mode);
        let prefix = key["prefix"].as_str().unwrap();
        assert_eq!(prefix.len(), marker.len() + 8);
        assert!(prefix.starts_with(marker) && secret(&key).starts_with(prefix));
        assert_eq!(secret(&key).len(), marker.len() + 46);
        assert_eq!(key.as_object().unwrap().len(), 3);
    }
}

#[test]
fn a_first_start_uses_only_the_keys_of_the_settings_and_shows_no_secret() {
    let (live, other) = (generate(&[]), generate(&[]));
    let mut server = Server::start_with(&[(LIVE, secret(&live))]);
    assert_eq!(server.live, "", "the key's owner has it already");
    let me = server.client_with(secret(&live)).get("/me").expect(200);
    assert_eq!(me["api_key"]["prefix"], live["prefix"]);
    let keys = server.json(&["keys", "list"]);
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!(keys[0]["name"], "First live key");
    // A later start ignores the settings, because there is a workspace.
    assert_eq!(server.stop(), Some(0));
    assert!(!server.log().contains(secret(&live)));
    let mut next = command(server.dir());
    next.args(["config"]).env(LIVE, secret(&other)).env(TEST, "");
    let printed = String::from_utf8(next.output().unwrap().stdout).unwrap();
    assert!(printed.contains("bootstrap.live_key = \"(hidden)\""), "{printed}");
    assert!(printed.contains("bootstrap.test_key = \"\""), "{printed}");
    assert!(!printed.contains(secret(&other)));
    server.restart_with(&[(LIVE, secret(&other))]);
    assert_eq!(server.client_with(secret(&other)).get("/me").status, 401);
    assert_eq!(server.client_with(secret(&live)).get("/me").status, 200);
    assert!(!server.log().contains("may never have been shown"), "{}", server.log());
}

#[test]
fn an_ephemeral_server_prints_known_keys_like_any_other() {
    let parent = tempfile::tempdir().unwrap();
    let test = generate(&["--test"]);
    let server = Ephemeral::start_with(parent.path(), &[], &[(TEST, secret(&test))]);
    assert_eq!(server.announcement["keys"].as_array().unwrap().len(), 1);
    assert_eq!(server.key("test"), secret(&test));
}

#[test]
fn keys_that_cannot_be_used_are_refused_without_being_shown() {
    let issued = Server::start();
    let test = generate(&["--test"]);
    let start = |variable: &str, key: &str| {
        let dir = tempfile::tempdir().unwrap();
        let output = command(dir.path())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env(variable, key)
            .output()
            .unwrap();
        let error = error(&output);
        assert!(!error.contains(key), "{error}");
        error
    };
    let expected = "environment variable `PIVOTAL_BOOTSTRAP_LIVE_KEY` must be a live API key";
    for wrong in [secret(&test), "pivotal_short"] {
        let refused = start(LIVE, wrong);
        assert!(refused.contains(expected), "{refused}");
    }
    let refused = start(TEST, &issued.test);
    assert!(refused.contains("`bootstrap.test_key` setting has a wrong checksum"), "{refused}");
}

#[test]
fn an_imported_key_works_at_once() {
    let server = Server::start();
    let test = generate(&["--test"]);
    let args = ["--workspace", "default", "--name", "CI", "--scope", "read:customers"];
    let imported = import(server.dir(), &format!(" {}\r\n", secret(&test)), &args);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let key: Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!((&key["mode"], &key["name"]), (&test["mode"], &"CI".into()));
    assert!(key.get("key").is_none(), "its owner has the secret");
    let me = server.client_with(secret(&test)).get("/me").expect(200);
    assert_eq!(me["api_key"]["scopes"], serde_json::json!(["read:customers"]));

    let again = error(&import(server.dir(), secret(&test), &["--workspace", "default"]));
    let prefix = test["prefix"].as_str().unwrap();
    assert!(again.contains(&format!("a key with the prefix {prefix} is already")), "{again}");
    let elsewhere = error(&import(server.dir(), secret(&generate(&[])), &["--workspace", "no"]));
    assert!(elsewhere.contains("workspace `no` not found"), "{elsewhere}");
    let mut mistyped = secret(&generate(&[])).to_owned();
    let last = if mistyped.ends_with('0') { "1" } else { "0" };
    mistyped.replace_range(mistyped.len() - 1.., last);
    for (text, expected) in [("", "must be a whole API key"), (&*mistyped, "has a wrong checksum")]
    {
        let refused = error(&import(server.dir(), text, &["--workspace", "default"]));
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn the_text_of_a_first_start_masks_known_keys() {
    let live = generate(&[]);
    let parent = Arc::new(tempfile::tempdir().unwrap());
    let mut child = command(parent.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--exit-with-parent"])
        .env(LIVE, secret(&live))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let masked = format!("live  {}…", live["prefix"].as_str().unwrap());
    assert!(text.contains("with the key from your settings") && text.contains(&masked), "{text}");
    assert!(!text.contains(secret(&live)));
}
