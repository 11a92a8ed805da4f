//! `export`, `import`, and `move`.

mod conflicts;
mod csv;
mod events;
mod faults;
mod interrupted;
#[cfg(target_os = "linux")]
mod moves;
mod round_trip;
mod seeds;

use std::io::Write;
use std::process::{Child, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{Server, command};

/// Exports a workspace to stdout. Returns the lines.
pub fn export(server: &Server, workspace: &str, flags: &[&str]) -> Vec<String> {
    let output = server.run(&[&["export", "--workspace", workspace], flags].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Starts an import that reads these lines from stdin.
pub fn start_import(server: &Server, workspace: &str, lines: &[String], flags: &[&str]) -> Child {
    let mut child = command(server.dir())
        .args(["import", "--workspace", workspace, "-"])
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    child
}

pub fn import(server: &Server, workspace: &str, lines: &[String], flags: &[&str]) -> Output {
    start_import(server, workspace, lines, flags).wait_with_output().unwrap()
}

/// Imports lines and returns the printed summary.
#[track_caller]
pub fn import_ok(server: &Server, workspace: &str, lines: &[String], flags: &[&str]) -> Value {
    let output = import(server, workspace, lines, &[&["--json"], flags].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Imports lines that are refused. Returns the lines on stderr.
#[track_caller]
pub fn refused(server: &Server, workspace: &str, lines: &[String], flags: &[&str]) -> Vec<String> {
    let output = import(server, workspace, lines, flags);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    stderr(&output).lines().map(str::to_owned).collect()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// How many rows had an outcome: customers, contacts, onboardings, and events.
pub fn counts(summary: &Value, outcome: &str) -> [u64; 4] {
    ["customers", "contacts", "onboardings", "events"]
        .map(|name| summary[name][outcome].as_u64().unwrap())
}

/// The header of an export without events.
pub fn header() -> String {
    json!({"object": "export", "version": 1, "include_deleted": false, "events": false,
        "workspace": {"id": "c1", "slug": "one", "name": "One"},
        "exported_at": "2026-01-01T00:00:00.000Z"})
    .to_string()
}

/// An ID that no server generates.
pub fn id(kind: char, number: u32) -> String {
    format!("c{kind}{number:023}")
}

/// The line of a customer.
pub fn customer(number: u32) -> Value {
    json!({"object": "customer", "id": id('u', number), "display_id": number,
        "name": format!("Customer {number}"), "slug": format!("customer-{number}"),
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z"})
}

/// The line of a contact.
pub fn contact(number: u32, of: u32) -> Value {
    json!({"object": "contact", "id": id('o', number), "display_id": number,
        "customer_id": id('u', of), "name": "Ada", "email": format!("ada{number}@a.example"),
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z"})
}

/// A file with a header and these objects.
pub fn file(objects: &[Value]) -> Vec<String> {
    let objects = objects.iter().map(Value::to_string);
    std::iter::once(header()).chain(objects).collect()
}

pub fn create_workspace(server: &Server, slug: &str) {
    server.json(&["workspaces", "create", "--slug", slug, "--name", slug]);
}
