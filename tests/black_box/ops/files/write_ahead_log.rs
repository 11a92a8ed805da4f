//! The write-ahead log while another process reads the database: it stays bounded, or is reported
//! with the name of the process.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;

use crate::support::{Server, wait_until};

/// A connection that leaves checkpoints to the server, with a table to fill the WAL with.
fn writer(server: &Server) -> Connection {
    let conn = server.sqlite();
    conn.execute_batch(
        "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF;
         CREATE TABLE filling (a); INSERT INTO filling VALUES (randomblob(5000000))",
    )
    .unwrap();
    conn
}

fn wal_path(server: &Server) -> PathBuf {
    server.dir().join("pivotal.db-wal")
}

/// Adds five megabytes to the WAL and lets the server commit something.
fn grow(server: &Server, conn: &Connection) -> serde_json::Value {
    conn.execute("UPDATE filling SET a = randomblob(5000000)", []).unwrap();
    server.anonymous().deep_health(200)
}

#[test]
fn a_wal_that_a_reader_keeps_from_being_reset_is_reported_until_the_reader_finishes() {
    let server = Server::start_new();
    let conn = writer(&server);
    let reader = server.sqlite();
    reader.execute_batch("BEGIN; SELECT * FROM workspaces").unwrap();
    let mut deep = grow(&server, &conn);
    assert_eq!((&deep["status"], &deep["checks"]["log"]), (&"ok".into(), &"ok".into()));
    wait_until("the log is reported", || {
        deep = grow(&server, &conn);
        deep["status"] == "degraded"
    });
    let said = deep["checks"]["log"].as_str().unwrap();
    assert!(said.starts_with("the write-ahead log has grown to "), "{said}");
    if cfg!(target_os = "linux") {
        // The list of locks can change while it is being read, so a single read can miss one.
        let holder = format!("(process {})", std::process::id());
        wait_until("the reader is named", || {
            let deep = server.anonymous().deep_health(200);
            deep["checks"]["log"].as_str().unwrap().contains(&holder)
        });
    }
    for _ in 0..8 {
        grow(&server, &conn);
    }
    let warnings = |text: &str| server.log().matches(text).count();
    wait_until("it is logged", || warnings("the write-ahead log has grown to") > 0);
    assert_eq!(warnings("the write-ahead log has grown to"), 1);

    reader.execute_batch("COMMIT").unwrap();
    wait_until("the log is reset", || server.anonymous().deep_health(200)["status"] == "ok");
    wait_until("that is logged", || warnings("the write-ahead log was reset") == 1);
    let left = fs::metadata(wal_path(&server)).unwrap().len() >> 20;
    assert!(left <= 65, "{left} MiB");
}
