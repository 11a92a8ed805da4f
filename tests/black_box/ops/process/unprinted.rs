//! Results that could not be printed: a secret that nobody has seen is never lost silently.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{PASSWORD, Server, command, command_under, wait_until};

/// A stdout that can't be written to.
fn full_stdout() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn output_to(stdout: Stdio, dir: &Path, args: &[&str]) -> Output {
    let mut command = command(dir);
    command.args(args).stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Only one of the commands reads its stdin.
    let _ = child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes());
    child.wait_with_output().unwrap()
}

/// The one-line error of a command that can't print its result.
fn unprinted(dir: &Path, args: &[&str]) -> String {
    let output = output_to(full_stdout(), dir, args);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    let message = if args.contains(&"--json") {
        let line: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(line["error"]["code"], "unprinted");
        line["error"]["message"].as_str().unwrap().to_owned()
    } else {
        said.strip_prefix("error: ").unwrap().to_owned()
    };
    assert!(message.starts_with("can't write to stdout: "), "{message}");
    message
}

fn newest_key(server: &Server) -> Value {
    server.json(&["keys", "list"])[0].clone()
}

/// Runs the command in backquotes that a message suggests and that starts like this.
#[track_caller]
fn run_suggestion(server: &Server, said: &str, beginning: &str) -> Value {
    let from = said.find(&format!("`{beginning}")).unwrap_or_else(|| panic!("{said}"));
    let command = said[from + 1..].split('`').next().unwrap();
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    server.json(&args)
}

#[test]
fn a_key_that_cannot_be_printed_is_named_with_instructions_to_replace_it() {
    let server = Server::start_new();
    let first = server.json(&["keys", "list"])[0]["prefix"].as_str().unwrap().to_owned();
    let demo = ["demo", "--workspace", "trial"];
    let rotate = ["keys", "rotate", &first];
    for args in [&["keys", "create", "--workspace", "default", "--name", "x"][..], &rotate, &demo] {
        for json in [&[][..], &["--json"]] {
            if args == demo && !json.is_empty() {
                continue;
            }
            let said = unprinted(server.dir(), &[args, json].concat());
            let key = newest_key(&server);
            let prefix = key["prefix"].as_str().unwrap();
            assert_eq!(key["revoked_at"], Value::Null, "it was created anyway");
            assert!(said.contains(prefix), "{said}");
            let revoked = run_suggestion(&server, &said, "pivotal-server keys revoke");
            assert_eq!(revoked["id"], key["id"]);
            if args != rotate {
                let another = run_suggestion(&server, &said, "pivotal-server keys create");
                assert_eq!(another["workspace"], key["workspace"]);
            }
        }
    }
    server.json(&rotate);
}

#[test]
fn a_command_that_cannot_print_says_what_it_changed() {
    let server = Server::start_new();
    let said = unprinted(server.dir(), &["workspaces", "create", "--slug", "acme", "--name", "A"]);
    assert!(said.contains("workspace `acme` was created anyway"), "{said}");
    assert_eq!(server.json(&["workspaces", "list"])[1]["slug"], "acme");
    let prefix = newest_key(&server)["prefix"].as_str().unwrap().to_owned();
    let said = unprinted(server.dir(), &["keys", "revoke", &prefix]);
    assert!(said.contains(&format!("{prefix} was revoked anyway")), "{said}");
    let said = unprinted(server.dir(), &["admin", "set-password"]);
    assert!(said.contains("password was set"), "{said}");
    server.visitor().sign_in();
    let said = unprinted(server.dir(), &["keys", "list"]);
    assert!(!said.contains("anyway"), "a list changes nothing: {said}");
}

#[test]
fn a_backup_or_restore_that_cannot_print_says_what_it_made() {
    let server = Server::start_new();
    let copy = server.dir().join("copy.db");
    let said = unprinted(server.dir(), &["backup", copy.to_str().unwrap()]);
    assert!(said.contains("copy.db was made anyway") && copy.exists(), "{said}");
    let new = tempfile::tempdir().unwrap();
    let said = unprinted(new.path(), &["restore", copy.to_str().unwrap()]);
    assert!(said.contains("was restored anyway"), "{said}");
    assert!(new.path().join("pivotal.db").exists());
}

#[test]
fn a_key_printed_to_dev_null_causes_a_warning() {
    let server = Server::start_new();
    let create = ["keys", "create", "--workspace", "default", "--name", "x"];
    let closed = ["sh", "-c", "exec \"$@\" >&-", "sh"].map(str::to_owned);
    let to_null = || output_to(Stdio::null(), server.dir(), &create);
    let to_closed = || command_under(&closed, server.dir()).args(create).output().unwrap();
    for create in [&to_null as &dyn Fn() -> Output, &to_closed] {
        let output = create();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        let prefix = newest_key(&server)["prefix"].as_str().unwrap().to_owned();
        assert!(said.starts_with("warning: ") && said.contains(&prefix), "{said}");
        run_suggestion(&server, &said, "pivotal-server keys revoke");
    }
    let output = server.run(&create);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// The prefixes of the keys in a database, oldest first. None if it doesn't exist yet.
fn prefixes(dir: &Path) -> Vec<String> {
    let listed = command(dir).args(["--json", "keys", "list"]).output().unwrap();
    if !listed.status.success() {
        return Vec::new();
    }
    let keys: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let all = keys.as_array().unwrap().iter().rev();
    all.map(|key| key["prefix"].as_str().unwrap().to_owned()).collect()
}

/// What a server announces with `--json` and as text, and what it logs in both cases.
fn announcements(dir: &Arc<TempDir>) -> (Value, String, String) {
    let mut said = [String::new(), String::new()];
    let mut log = String::new();
    for (said, args) in said.iter_mut().zip([&["--json"][..], &[]]) {
        let mut child = command(dir.path())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        while !said.to_lowercase().contains("listening") {
            assert_ne!(stdout.read_line(said).unwrap(), 0);
        }
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(child.wait().unwrap().success());
        child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    }
    let [json, text] = said;
    (serde_json::from_str(&json).unwrap(), text, log)
}

/// Checks that starts report the first keys as unshown until another key is created.
fn assert_reported_until_a_key_is_created(dir: &Arc<TempDir>) {
    let lost = prefixes(dir.path());
    assert_eq!(lost.len(), 2);
    let (json, text, log) = announcements(dir);
    assert_eq!((&json["keys"], &json["unshown_keys"]), (&json!([]), &json!(lost)));
    for said in [&text, &log] {
        assert!(said.contains("may never have been shown"), "{said}");
        assert!(said.contains("keys create --workspace default --name NAME"), "{said}");
        for prefix in &lost {
            assert!(said.contains(&format!("pivotal-server keys revoke {prefix}")), "{said}");
        }
    }
    let run =
        |args: &[&str]| assert!(command(dir.path()).args(args).output().unwrap().status.success());
    run(&["keys", "revoke", &lost[0]]);
    assert_eq!(announcements(dir).0["unshown_keys"], json!([lost[1]]));
    run(&["keys", "create", "--workspace", "default", "--name", "x"]);
    let (json, text, log) = announcements(dir);
    assert_eq!(json["unshown_keys"], json!([]));
    assert!(!text.contains("never") && !log.contains("never"), "{text}{log}");
}

#[test]
fn first_keys_that_cannot_be_printed_fail_the_start_and_are_reported_later() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let said = output_to(full_stdout(), dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.status.code(), Some(1));
    let said = String::from_utf8(said.stderr).unwrap();
    for prefix in prefixes(dir.path()) {
        assert!(said.contains(&format!("pivotal-server keys revoke {prefix}")), "{said}");
    }
    assert!(said.contains("keys create --workspace default"), "{said}");
    assert_reported_until_a_key_is_created(&dir);
}

#[test]
fn first_keys_of_a_server_killed_before_printing_them_are_reported() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    // The pipe is full and not read, so the announcement blocks.
    let (_reader, mut stdout) = std::io::pipe().unwrap();
    stdout.write_all(&[b'x'; 65536]).unwrap();
    let mut child = command(dir.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(stdout)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the keys are created", || prefixes(dir.path()).len() == 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_reported_until_a_key_is_created(&dir);
}

#[test]
fn first_keys_printed_to_dev_null_are_reported_as_unshown() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let log = dir.path().join("log");
    let mut child = command(dir.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    wait_until("it is logged", || {
        fs::read_to_string(&log).unwrap().contains("WARN  the first keys were not shown")
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert_reported_until_a_key_is_created(&dir);
}
