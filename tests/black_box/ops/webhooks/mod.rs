//! The commands of `webhooks`, while a server runs and while none does.

mod deliveries;
mod endpoints;
mod examples;
mod expiry;
#[cfg(unix)]
mod listen;
mod refusals;
mod verify;

use std::process::Output;

use serde_json::Value;

use crate::support::Server;

/// What a command printed on stderr.
fn stderr(output: &Output) -> String {
    without_warning(str::from_utf8(&output.stderr).unwrap())
}

/// Removes what `webhooks listen` warns of on PostgreSQL.
fn without_warning(text: &str) -> String {
    let is_other = |line: &&str| !line.contains("servers on other machines that use this database");
    text.split_inclusive('\n').filter(is_other).collect()
}

/// The one line on stderr of a command that failed.
#[track_caller]
fn error(output: &Output) -> String {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(output.stdout.is_empty());
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("error: "), "{text}");
    text
}

/// Creates an endpoint in the workspace `default`.
fn create(server: &Server, url: &str, more: &[&str]) -> Value {
    let args = ["webhooks", "create", "--workspace", "default", "--url", url];
    server.json(&[&args, more].concat())
}

fn id(endpoint: &Value) -> &str {
    endpoint["id"].as_str().unwrap()
}
