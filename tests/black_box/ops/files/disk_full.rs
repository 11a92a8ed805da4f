//! A full disk: only writes are refused, nothing that was acknowledged is lost, and everything
//! works again as soon as there is space.
//!
//! A limit on the size of the server's files (`RLIMIT_FSIZE`) stands in for the disk. It needs no
//! privileges and no file system of its own, and can be raised while the server runs. SQLite gets a
//! different error than on a full disk ("file too large", and a short write); the error code that
//! it has for a full disk is tested in `store/engine/writer.rs`.

use std::fmt::Display;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Client, Response, Server, command, command_under};

const NEEDED: &str = "the tests of a full disk need `prlimit`: install util-linux";

/// A wrapper that starts a process whose files cannot grow beyond this many bytes.
fn with_file_size_limit(size: impl Display) -> Vec<String> {
    ["prlimit", &format!("--fsize={size}:")].map(str::to_owned).into()
}

/// Changes the limit of a running server; `unlimited` removes it.
fn set_file_size_limit(server: &Server, size: impl Display) {
    let pid = server.pid().to_string();
    let done = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={size}:")]).status();
    assert!(done.unwrap_or_else(|error| panic!("{NEEDED}: {error}")).success());
}

fn start(size: impl Display, dir: &Arc<TempDir>) -> Result<Server, Output> {
    let variables = [("PIVOTAL_RATE_LIMITS_ENABLED", "false")];
    let started = Server::start_under(&with_file_size_limit(size), Arc::clone(dir), &variables);
    started.inspect_err(|output| assert_eq!(output.status.code(), Some(1), "{NEEDED}: {output:?}"))
}

/// The one error of a failed command, as text or as JSON.
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<_> = said.lines().filter(|line| is_error(line)).collect();
    assert_eq!(errors.len(), 1, "{said}");
    errors[0].to_owned()
}

fn is_error(line: &str) -> bool {
    line.starts_with("error: ") || line.starts_with("{\"error\":")
}

fn post(client: &Client, name: &str) -> Response {
    let body = json!({ "name": name }).to_string();
    client.send("POST", "/customers", &[("Idempotency-Key", name)], Some(body.as_bytes()))
}

#[track_caller]
fn assert_unavailable(reply: &Response) {
    reply.refused(503, "unavailable", None);
    assert_eq!(reply.header("retry-after"), Some("1"));
}

fn names(client: &Client) -> Vec<String> {
    let mut names: Vec<String> = client
        .walk("/customers?limit=100")
        .iter()
        .map(|customer| customer["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Writes until a write is refused. Returns the acknowledged names and the refused one.
fn write_until_refused(client: &Client, author: usize) -> (Vec<String>, String) {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        let name = format!("Customer {author}-{n}");
        let reply = post(client, &name);
        if reply.status == 503 {
            assert_unavailable(&reply);
            return (acknowledged, name);
        }
        reply.expect(201);
        acknowledged.push(name);
    }
    unreachable!("the disk never became full")
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_space_again() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = start("unlimited", &dir).unwrap();
    let client = server.client();
    let first = post(&client, "First");
    let contact = json!({ "name": "Maya", "email": "maya@aurora.example" });
    client.post("/customers/1/contacts", contact).expect(201);
    client.post("/onboardings", json!({ "customer_id": 1 })).expect(201);

    // The disk fills up while several clients write.
    let log = dir.path().join("pivotal.db-wal");
    set_file_size_limit(&server, log.metadata().unwrap().len() + (1 << 20));
    let writers: Vec<_> = (0..8)
        .map(|author| {
            let client = server.client();
            std::thread::spawn(move || write_until_refused(&client, author))
        })
        .collect();
    let written: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    let (acknowledged, refused): (Vec<_>, Vec<_>) = written.into_iter().unzip();
    let mut acknowledged: Vec<String> = acknowledged.into_iter().flatten().collect();
    assert!(acknowledged.len() > 20, "some writes should succeed before the disk is full");
    acknowledged.push("First".to_owned());
    acknowledged.sort();

    // Without a byte left, every kind of change is refused, and so is another command.
    set_file_size_limit(&server, 0);
    for reply in [
        client.post("/customers", json!({ "name": "Late" })),
        client.post("/customers/1/contacts", json!({ "name": "Late", "email": "a@b.example" })),
        client.post("/onboardings", json!({ "customer_id": 1 })),
        client.patch("/customers/1", json!({ "name": "Late" })),
        client.patch("/onboardings/1", json!({ "phase": "review" })),
        client.delete("/contacts/1"),
        client.delete("/customers/1"),
    ] {
        assert_unavailable(&reply);
    }
    let mut create = command_under(&with_file_size_limit(0), dir.path());
    create.args(["keys", "create", "--workspace", "default", "--name", "Late"]);
    let output = create.output().unwrap();
    assert!(complaint(&output).contains("free space"), "{output:?}");
    assert!(output.stdout.is_empty(), "a key that does not exist must not be shown");

    // Everything that was acknowledged can be read, and nothing else is there.
    assert_eq!(client.get("/customers/1").expect(200)["name"], "First");
    client.get("/contacts/1").expect(200);
    assert_eq!(client.get("/onboardings/1").expect(200)["phase"], "before_getting_started");
    assert_eq!(client.walk("/customers/1/activity").len(), 3);
    client.get("/me").expect(200);
    assert_eq!(names(&client), acknowledged);
    let again = post(&client, "First");
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(server.anonymous().get("/health").expect(200)["status"], "ok");
    let deep = server.anonymous().deep_health(503);
    assert_eq!(deep["checks"]["read"], "ok");
    assert_ne!(deep["checks"]["write"], "ok");
    assert_eq!(server.json(&["keys", "list"]).as_array().map(Vec::len), Some(2));

    // With space, writes work at once, and refused ones can be retried.
    set_file_size_limit(&server, "unlimited");
    for name in &refused {
        let reply = post(&client, name);
        assert_eq!(
            reply.header("idempotent-replayed"),
            None,
            "the refused request must not have been stored"
        );
        reply.expect(201);
    }
    client.patch("/customers/1", json!({ "tags": ["back"] })).expect(200);
    server.anonymous().deep_health(200);
    server.create_key(&[]);
    acknowledged.extend(refused);
    acknowledged.sort();
    assert_eq!(names(&client), acknowledged);

    let last = |path: &str| client.list(&format!("{path}?limit=1"))[0].clone();
    assert_eq!(
        last("/customers")["display_id"],
        acknowledged.len(),
        "no display ID may be missing"
    );
    let conn = server.sqlite();
    let integrity: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    assert!(server.is_running());
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_demo_that_does_not_fit_leaves_nothing_behind() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let server = start("unlimited", &dir).unwrap();
    let output =
        command_under(&with_file_size_limit(512 << 10), dir.path()).arg("demo").output().unwrap();
    assert!(complaint(&output).contains("free space"), "{output:?}");
    assert_eq!(server.json(&["workspaces", "list"]).as_array().map(Vec::len), Some(1));
    server.json(&["demo"]);
    assert_eq!(server.json(&["workspaces", "list"]).as_array().map(Vec::len), Some(2));
}

/// Starts the server with a little more space each time, and returns how often it was refused.
fn grow_until_it_starts(dir: &Arc<TempDir>, step: usize) -> (Server, usize) {
    for refused in 0.. {
        match start(refused * step, dir) {
            Ok(server) => return (server, refused),
            Err(output) => assert!(complaint(&output).contains("free space"), "{output:?}"),
        }
    }
    unreachable!("it never started")
}

#[test]
fn a_failed_first_start_on_a_full_disk_does_not_block_the_next() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let (server, _) = grow_until_it_starts(&dir, 24 << 10);
    server.client().get("/me").expect(200);
    server.client_with(&server.test).get("/me").expect(200);
}

#[test]
fn the_first_workspace_and_its_keys_are_created_together_or_not_at_all() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut bare = command(dir.path())
        .args(["serve", "--no-bootstrap", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    BufReader::new(bare.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
    bare.kill().unwrap();
    bare.wait().unwrap();
    let (server, refused) = grow_until_it_starts(&dir, 4 << 10);
    assert!(refused > 8, "some starts should be able to write something");
    server.client().get("/me").expect(200);
    server.client_with(&server.test).get("/me").expect(200);
}

#[test]
fn a_start_on_a_full_disk_is_refused_and_the_next_one_works() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    server.client().customer("Aurora");
    assert_eq!(server.stop(), Some(0));
    let refused = start(16 << 10, &dir).err().unwrap();
    assert!(complaint(&refused).contains("free space"), "{refused:?}");
    let server = server.restart();
    assert_eq!(server.client().get("/customers/1").expect(200)["name"], "Aurora");
}
