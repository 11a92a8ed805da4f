//! `move`: a whole database from one place to another. The tests run on both engines, and one of the
//! places is always a file: with PostgreSQL, both directions are tested.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{export, stderr};
use crate::support::database::{is_postgres, place_of, url_of};
use crate::support::{Receiver, Server, command, command_under};

const UNLIMITED: (&str, &str) = ("PIVOTAL_RATE_LIMITS_ENABLED", "false");

/// Runs `move` with the database of this directory as the one in the settings.
fn run(settings: &Path, args: &[&str]) -> Output {
    command(settings).arg("move").args(args).output().unwrap()
}

/// The one error of a command that moved nothing.
#[track_caller]
fn refused(output: &Output) -> String {
    let text = stderr(output);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

/// The database of a directory as it is written on the command line.
fn named(dir: &Path) -> String {
    url_of(dir).unwrap_or_else(|| dir.display().to_string())
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The files of a directory that are not locks.
fn files(dir: &Path) -> Vec<String> {
    let names = dir.read_dir().unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".lock")).collect()
}

/// What commands print about a database.
fn described(dir: &Path) -> Vec<Value> {
    [
        &["workspaces", "list"][..],
        &["keys", "list", "--workspace", "default"],
        &["purges", "list"],
        &["webhooks", "list", "--workspace", "default"],
    ]
    .map(|args| json(&command(dir).arg("--json").args(args).output().unwrap()))
    .into()
}

/// Exports without the first line, which has the time of the export.
fn exports(server: &Server) -> Vec<Vec<String>> {
    let lines = |workspace| export(server, workspace, &["--events"])[1..].to_vec();
    ["default", "demo"].map(lines).into()
}

fn post_once(server: &Server) -> Value {
    let body = json!({"name": "Sent twice"}).to_string();
    let headers = [("Idempotency-Key", "once")];
    let response = server.client().send("POST", "/customers", &headers, Some(body.as_bytes()));
    response.expect(201)
}

#[test]
fn everything_is_in_the_new_database_and_clients_go_on_as_if_nothing_had_happened() {
    let receiver = Receiver::start();
    let mut server = Server::start();
    server.signed_in();
    server.json(&["demo"]);
    let client = server.client();
    let purged = client.customer("Purged");
    let contact = json!({"name": "Ada", "email": "ada@a.example"});
    let contacts = format!("/customers/{}/contacts", purged["id"].as_str().unwrap());
    client.post(&contacts, contact).expect(201);
    server.json(&["customers", "purge", "--workspace", "default", "--yes", "1"]);
    let sent_once = post_once(&server);
    client.customer("Deleted");
    client.delete("/customers/3").expect(200);
    let url = receiver.url();
    let hook = server.json(&["webhooks", "create", "--workspace", "default", "--url", &url]);
    receiver.wait_for("webhook.ping");
    let prefix = server.live.split_at(16).0.to_owned();
    let rotated = server.json(&["keys", "rotate", &prefix])["key"].as_str().unwrap().to_owned();
    let before = exports(&server);
    assert_eq!(server.stop(), Some(0));
    let queued = server.json(&["webhooks", "ping", hook["id"].as_str().unwrap()]);
    assert_eq!(queued, json!({"queued": 1}));
    let description = described(server.dir());

    // To a file, and from there to a database of the engine of the test.
    let file = tempfile::tempdir().unwrap();
    let between = file.path().join("new/data");
    let first = json(&run(server.dir(), &["--json", "--to", between.to_str().unwrap()]));
    let place = between.join("pivotal.db").display().to_string();
    assert_eq!((&first["from"], &first["to"]), (&json!(place_of(server.dir())), &json!(place)));
    assert_eq!((&first["workspaces"], &first["pending_deliveries"]), (&json!(2), &json!(1)));
    assert_eq!((&first["customers"], &first["warnings"]), (&json!(41), &json!([])));
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let from = format!("sqlite:{}", between.display());
    let second = run(dir.path(), &["--from", &from]);
    let text = String::from_utf8(second.stdout.clone()).unwrap();
    assert!(second.status.success(), "{}", stderr(&second));
    for part in [
        &*format!(
            "Moved {place} to {}, and compared every row: 2 workspaces",
            place_of(dir.path())
        ),
        "Don't start a server on it again",
        "will send 1 pending delivery.",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(described(dir.path()), description);
    assert_eq!(described(server.dir()), description);

    let mut moved = Server::start_in(Arc::clone(&dir), &[UNLIMITED]);
    assert_eq!(exports(&moved), before);
    moved.expect_sound();
    // Nobody has sent it before.
    receiver.wait_for_number("webhook.ping", 2);
    moved.live = server.live.clone();
    assert_eq!(post_once(&moved), sent_once);
    let next = moved.client_with(&rotated).customer("Next");
    assert_eq!(next["display_id"], 4);
    moved.visitor().sign_in();
    // The numbers that PostgreSQL assigns go on, too.
    moved.other_workspace("another").customer("First");
    let more = moved.json(&["webhooks", "create", "--workspace", "another", "--url", &url]);
    assert!(more["id"].is_string());
}

#[test]
fn a_database_that_a_server_uses_is_not_moved_and_nothing_is_moved_there() {
    let server = Server::start();
    let [free, elsewhere] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let in_use = if is_postgres() { "is using it" } else { "is already in use" };
    let file = free.path().join("new");
    let error = refused(&run(server.dir(), &["--to", file.to_str().unwrap()]));
    assert!(error.contains(in_use) && error.contains("stop"), "{error}");
    assert!(!file.exists());

    let mut other = Server::start();
    assert_eq!(other.stop(), Some(0));
    let error = refused(&run(other.dir(), &["--to", &named(server.dir())]));
    assert!(error.contains(in_use) && error.contains("stop"), "{error}");
    // A directory without a database has nothing to move.
    let nothing = elsewhere.path().join("missing");
    let error = refused(&run(other.dir(), &["--from", nothing.to_str().unwrap()]));
    assert!(error.contains("there is no database in"), "{error}");
    assert!(!nothing.exists());
}

#[test]
fn a_database_with_data_is_never_overwritten() {
    let servers = [(); 2].map(|()| {
        let mut server = Server::start();
        assert_eq!(server.stop(), Some(0));
        server
    });
    let [from, to] = [servers[0].dir(), servers[1].dir()];
    let before = described(to);
    let error = refused(&run(from, &["--to", &named(to)]));
    let expected = if is_postgres() { "is not empty" } else { "already contains a database" };
    assert!(error.contains(expected) && error.contains("nothing was moved"), "{error}");
    assert_eq!(described(to), before);
    let error = refused(&run(from, &["--to", &named(from)]));
    assert!(error.contains("both databases are"), "{error}");
}

#[test]
fn a_move_that_fails_halfway_leaves_nothing_in_the_new_place() {
    let mut server = Server::start();
    server.json(&["demo"]);
    assert_eq!(server.stop(), Some(0));
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().to_str().unwrap();
    let limit = ["prlimit", "--fsize=300000:"].map(str::to_owned);
    let output = command_under(&limit, server.dir()).args(["move", "--to", to]).output().unwrap();
    let error = refused(&output);
    assert!(error.contains("can't copy the table") || error.contains("cannot"), "{error}");
    assert_eq!(files(elsewhere.path()), Vec::<String>::new());
    // The old database is as usable as before, and so is the new place.
    json(&run(server.dir(), &["--json", "--to", to]));
    assert_eq!(files(elsewhere.path()), ["pivotal.db"]);
}

#[test]
fn a_place_that_can_not_be_understood_is_refused_without_its_password() {
    let dir: TempDir = tempfile::tempdir().unwrap();
    for (args, expected) in [
        (&["--to", "mysql://ann:s3cret@db/crm"][..], "`--to` must be postgres://"),
        (&["--from", "postgres://ann:s3@cret@/crm"], "`--from` has"),
        (&["--to", "env:NEW_DATABASE"], "the variable NEW_DATABASE, which is not set"),
        (&[], "pass --from or --to"),
    ] {
        let error = refused(&run(dir.path(), args));
        assert!(error.contains(expected) && !error.contains("cret@"), "{error}");
    }
    let url = "postgres://ann:s3cret@127.0.0.1:1/crm";
    let mut command = command(dir.path());
    let command = command.env("NEW_DATABASE", url).args(["move", "--to", "env:NEW_DATABASE"]);
    let error = stderr(&command.output().unwrap());
    assert!(error.starts_with("error: ") && !error.contains("s3cret"), "{error}");
}
