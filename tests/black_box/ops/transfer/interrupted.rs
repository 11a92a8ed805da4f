//! Imports that are killed or interrupted, and the server beside them.

use std::process::Child;
use std::thread;

use serde_json::Value;

use super::{counts, create_workspace, customer, export, file, import_ok, start_import, stderr};
use crate::support::database::Sql;
use crate::support::{Server, wait_until};

/// Enough for several transactions.
const ROWS: u32 = 6000;

fn many() -> Vec<String> {
    let rows: Vec<Value> = (1..=ROWS).map(customer).collect();
    file(&rows)
}

fn imported(server: &Server) -> u32 {
    let sql = "SELECT count(*) FROM customers";
    server.sql().value(sql, [])
}

/// Waits until the import has committed a part, and keeps it from committing any more until the
/// returned connection is dropped.
fn hold_half_way(server: &Server, import: &mut Child) -> Sql {
    wait_until("the first rows are imported", || imported(server) > 0);
    let held = server.sql().hold_writes();
    assert!(import.try_wait().unwrap().is_none(), "the import ended too early to be held");
    held
}

#[test]
fn an_import_that_was_killed_half_way_is_completed_by_running_it_again() {
    let server = Server::start();
    create_workspace(&server, "moved");
    let lines = many();
    let mut import = start_import(&server, "moved", &lines, &[]);
    let held = hold_half_way(&server, &mut import);
    import.kill().unwrap();
    import.wait().unwrap();
    drop(held);
    let part = imported(&server);
    assert!(0 < part && part < ROWS, "{part}");
    // The server is not affected.
    server.client().customer("Beside");
    let done = import_ok(&server, "moved", &lines, &[]);
    assert_eq!(counts(&done, "unchanged"), [u64::from(part), 0, 0, 0]);
    assert_eq!(counts(&done, "created"), [u64::from(ROWS - part), 0, 0, 0]);
    let names: Vec<Value> = export(&server, "moved", &[])[1..]
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].take())
        .collect();
    let expected: Vec<Value> = (1..=ROWS).map(|number| customer(number)["name"].take()).collect();
    assert_eq!(names, expected, "the order of the file is kept");
    server.expect_sound();
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_an_import_between_two_transactions() {
    let server = Server::start();
    create_workspace(&server, "moved");
    let mut import = start_import(&server, "moved", &many(), &[]);
    let held = hold_half_way(&server, &mut import);
    let interrupt = ["-INT", &import.id().to_string()];
    assert!(std::process::Command::new("kill").args(interrupt).status().unwrap().success());
    drop(held);
    let output = import.wait_with_output().unwrap();
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(130), "{error}");
    let part = imported(&server);
    let expected = format!(
        "error: interrupted by SIGINT: {part} rows were imported; run the same command again to \
         import the others\n"
    );
    assert_eq!(error, expected);
    assert!(part < ROWS);
}

#[test]
fn a_server_keeps_writing_to_the_workspace_during_an_import() {
    let server = Server::start();
    let lines = many();
    let mut import = start_import(&server, "default", &lines, &[]);
    wait_until("the first rows are imported", || imported(&server) > 0);
    let client = server.client();
    let beside = thread::spawn(move || -> Vec<i64> {
        (0..5).map(|_| client.customer("Beside")["display_id"].as_i64().unwrap()).collect()
    });
    let numbers = beside.join().unwrap();
    assert!(import.wait().unwrap().success());
    let rows = i64::from(ROWS);
    assert_eq!(
        numbers,
        (rows + 1..=rows + 5).collect::<Vec<_>>(),
        "no number of the file is taken"
    );
    assert_eq!(imported(&server), ROWS + 5);
}
