//! What becomes of a transaction, on a real server.

use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::store::engine::postgres::connect::session::Session;
use crate::store::engine::postgres::test_database::{NoStandby, TestDatabase};

fn until(mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never happened");
        thread::yield_now();
    }
}

/// Commits a row, and calls a function of the server with the process that waits for a standby.
/// Returns also whether the connection is closed.
fn commit_waiting(database: &TestDatabase, no: i64, function: &str) -> (CommitOutcome, bool) {
    let connection = database.connect_as_server(Session::unlimited());
    connection.batch_execute("SET synchronous_commit = on").unwrap();
    connection.begin("BEGIN").unwrap();
    connection.batch_execute(&format!("INSERT INTO rows VALUES ({no})")).unwrap();
    let process: i32 = connection.rows("SELECT pg_backend_pid()", &[]).unwrap()[0].get(0);
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            let mut admin = database.connect();
            let waits = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'";
            until(|| !admin.query(waits, &[&process]).unwrap().is_empty());
            admin.query_one(&format!("SELECT {function}($1)"), &[&process]).unwrap();
        });
        commit(&connection)
    });
    (outcome, connection.is_closed())
}

#[test]
fn a_commit_that_no_standby_confirmed_is_unknown() {
    let Some(database) = TestDatabase::create() else { return };
    database.connect().batch_execute("CREATE TABLE rows (no BIGINT PRIMARY KEY)").unwrap();
    let Some(_guard) = NoStandby::begin(&database) else { return };
    let (canceled, is_closed) = commit_waiting(&database, 1, "pg_cancel_backend");
    assert!(matches!(&canceled, CommitOutcome::Unknown(why) if why.contains("standbys")));
    assert!(!is_closed);
    let (terminated, is_closed) = commit_waiting(&database, 2, "pg_terminate_backend");
    assert!(matches!(terminated, CommitOutcome::Unknown(_)), "{terminated:?}");
    assert!(is_closed, "{terminated:?}");
    // Both are on the primary.
    let stored = "SELECT CAST(sum(no) AS bigint) FROM rows";
    assert_eq!(database.connect().query_one(stored, &[]).unwrap().get::<_, i64>(0), 3);
}

#[test]
fn a_commit_that_takes_too_long_is_unknown_and_left_alone() {
    let Some(database) = TestDatabase::create() else { return };
    database.connect().batch_execute("CREATE TABLE rows (no BIGINT PRIMARY KEY)").unwrap();
    let Some(_guard) = NoStandby::begin(&database) else { return };
    let connection = database.connect_as_server(Session::unlimited());
    connection.batch_execute("SET synchronous_commit = on").unwrap();
    connection.begin("BEGIN; INSERT INTO rows VALUES (1)").unwrap();
    let outcome = commit_within(&connection, Duration::from_millis(20));
    assert!(matches!(&outcome, CommitOutcome::Unknown(why) if why.contains("20ms")), "{outcome:?}");
    assert!(connection.is_waiting() && connection.is_in_transaction() && !connection.is_closed());
    let rows = "SELECT no FROM rows";
    assert!(database.connect().query(rows, &[]).unwrap().is_empty(), "no standby has it");
}

#[test]
fn a_transaction_that_changes_nothing_waits_for_no_standby() {
    let Some(database) = TestDatabase::create() else { return };
    let connection = database.connect_as_server(Session::unlimited());
    connection.begin("BEGIN; SELECT 1").unwrap();
    assert_eq!(commit(&connection), CommitOutcome::Unchanged);
}

#[test]
fn a_commit_is_stored_or_refused() {
    let Some(database) = TestDatabase::create() else { return };
    let connection = database.connect_as_server(Session::unlimited());
    connection
        .batch_execute("CREATE TABLE rows (no BIGINT PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
        .unwrap();
    let commit_row = |sql: &str| {
        connection.begin("BEGIN").unwrap();
        let _ = connection.batch_execute(sql);
        let outcome = commit(&connection);
        if connection.is_in_transaction() {
            connection.end("ROLLBACK").unwrap();
        }
        outcome
    };
    assert_eq!(commit_row("INSERT INTO rows VALUES (1)"), CommitOutcome::Stored);
    assert_eq!(
        commit_row("INSERT INTO rows VALUES (1)"),
        CommitOutcome::NotStored(Failure::Taken("rows_pkey".to_owned()))
    );
    let failed = commit_row("INSERT INTO missing VALUES (1)");
    assert!(matches!(failed, CommitOutcome::NotStored(Failure::Internal(_))), "{failed:?}");
    assert!(!connection.is_closed());
}

#[test]
fn a_commit_whose_connection_is_lost_is_unknown() {
    let Some(database) = TestDatabase::create() else { return };
    let connection = database.connect_as_server(Session::unlimited());
    connection.begin("BEGIN").unwrap();
    let process: i32 = connection.rows("SELECT pg_backend_pid()", &[]).unwrap()[0].get(0);
    let mut admin = database.connect();
    admin.query_one("SELECT pg_terminate_backend($1, 60000)", &[&process]).unwrap();
    let outcome = commit(&connection);
    assert!(matches!(outcome, CommitOutcome::Unknown(_)), "{outcome:?}");
    assert!(connection.is_closed());
}
