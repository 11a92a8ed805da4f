//! Tests of the writer against a server.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use postgres::Client;
use serde_json::json;

use super::super::connect::connector::Connector;
use super::super::test_database::TestDatabase;
use super::Writer;
use crate::model::caller::Caller;
use crate::model::clock::{Clock, FixedClock, Monotonic, SystemClock};
use crate::model::event::Actor;
use crate::model::idempotency::{IdempotentRequest, SavedResponse};
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{NewWorkspace, Workspace};
use crate::store::engine::write_stats::WriteStats;
use crate::store::rows::fixture::body;
use crate::store::webhooks::signal::OutboxSignal;
use crate::store::{Replay, StoreError, Tx, WriteScope};

/// Fails instead of hanging. No test is slower because of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The writer of a server.
struct Node(Writer);

impl Node {
    fn start(database: &TestDatabase) -> Self {
        Self::start_with(database, Arc::new(SystemClock))
    }

    fn start_with(database: &TestDatabase, clock: Arc<dyn Clock>) -> Self {
        let (outbox, stats) = (OutboxSignal::default(), Arc::new(WriteStats::default()));
        Self(Writer::start(4, &database.connector(), &clock, &outbox, stats).unwrap())
    }

    fn write<T: Send + 'static>(
        &self,
        scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.0.send(scope, change).unwrap().blocking_recv().unwrap()
    }

    fn workspace(&self, slug: &'static str) -> Workspace {
        self.write(WriteScope::Database, |tx| create(tx, slug)).unwrap()
    }
}

fn database() -> Option<(TestDatabase, Client)> {
    let database = TestDatabase::create()?;
    let client = database.connect();
    database.create_schema();
    Some((database, client))
}

fn create(tx: &Tx<'_>, slug: &str) -> Result<Workspace, StoreError> {
    let (slug, name) = (Slug::parse(slug).unwrap(), Name::parse(slug).unwrap());
    Ok(tx.create_workspace(NewWorkspace { slug, name })?.unwrap())
}

fn slugs(client: &mut Client) -> Vec<String> {
    let rows = client.query("SELECT slug FROM workspaces ORDER BY no", &[]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn scope(workspace: &Workspace) -> WriteScope {
    WriteScope::Workspace(workspace.no)
}

/// Waits until a query finds something, and returns it.
fn wait_for(client: &mut Client, sql: &str) -> i32 {
    let start = Instant::now();
    loop {
        if let Some(row) = client.query_opt(sql, &[]).unwrap() {
            return row.get(0);
        }
        assert!(start.elapsed() < PATIENCE, "{sql}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Makes every commit that has inserted a row into this table run a statement.
fn at_commit(client: &mut Client, table: &str, statement: &str) {
    let sql = format!(
        "CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN {statement}; RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON {table}
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()"
    );
    client.batch_execute(&sql).unwrap();
}

#[test]
fn a_job_that_fails_or_panics_loses_only_its_own_changes() {
    let Some((database, mut client)) = database() else { return };
    let node = Node::start(&database);
    // The first job waits until the others are queued, so that they share a transaction.
    let (go, wait) = channel::<()>();
    let scope = WriteScope::Database;
    let first = node.0.send(scope, move |_| {
        wait.recv().unwrap();
        Ok(())
    });
    let stored = node.0.send(scope, |tx| create(tx, "stored"));
    let idle = node.0.send(scope, |_| Err::<(), _>(StoreError::SlugTaken));
    let failing = node.0.send(scope, |tx| {
        create(tx, "failing")?;
        Err::<(), _>(StoreError::SlugTaken)
    });
    let refused = node.0.send(scope, |tx| {
        create(tx, "refused")?;
        Ok(tx.conn.execute("INSERT INTO workspaces (no) VALUES (NULL)", ())?)
    });
    let panicking = node.0.send(scope, |tx| {
        create(tx, "panicking")?;
        if tx.now().as_micros() > 0 {
            panic!("on purpose");
        }
        Ok(())
    });
    let last = node.0.send(scope, |tx| create(tx, "last"));
    go.send(()).unwrap();
    first.unwrap().blocking_recv().unwrap().unwrap();
    stored.unwrap().blocking_recv().unwrap().unwrap();
    assert!(matches!(idle.unwrap().blocking_recv(), Ok(Err(StoreError::SlugTaken))));
    assert!(matches!(failing.unwrap().blocking_recv(), Ok(Err(StoreError::SlugTaken))));
    assert!(matches!(refused.unwrap().blocking_recv(), Ok(Err(StoreError::Internal(_)))));
    assert!(panicking.unwrap().blocking_recv().is_err());
    last.unwrap().blocking_recv().unwrap().unwrap();
    assert_eq!(slugs(&mut client), ["stored", "last"]);
    let alone = node.write(scope, |tx| {
        create(tx, "alone")?;
        Err::<(), _>(StoreError::SlugTaken)
    });
    assert!(matches!(alone, Err(StoreError::SlugTaken)));
    node.workspace("later");
    assert_eq!(slugs(&mut client), ["stored", "last", "later"]);
}

#[test]
fn a_job_that_ignores_an_error_of_the_database_is_not_reported_as_stored() {
    let Some((database, mut client)) = database() else { return };
    let node = Node::start(&database);
    let stored = node.write(WriteScope::Database, |tx| {
        create(tx, "lost")?;
        let _ = tx.conn.execute("INSERT INTO workspaces (no) VALUES (NULL)", ());
        Ok(())
    });
    assert!(matches!(stored, Err(StoreError::Internal(_))), "{stored:?}");
    assert_eq!(slugs(&mut client), [""; 0]);
}

/// Says that it is there, and waits for the other one.
fn meet(here: &Sender<()>, there: &Receiver<()>) -> Result<(), StoreError> {
    here.send(()).unwrap();
    there.recv_timeout(PATIENCE).map_err(|error| StoreError::Internal(error.to_string()))
}

#[test]
fn changes_of_two_workspaces_run_at_the_same_time() {
    let Some((database, _)) = database() else { return };
    let node = Node::start(&database);
    let (one, two) = (node.workspace("one"), node.workspace("two"));
    let ((to_one, from_two), (to_two, from_one)) = (channel(), channel());
    let first = node.0.send(scope(&one), move |_| meet(&to_two, &from_two));
    let second = node.0.send(scope(&two), move |_| meet(&to_one, &from_one));
    first.unwrap().blocking_recv().unwrap().unwrap();
    second.unwrap().blocking_recv().unwrap().unwrap();
}

#[test]
fn a_change_of_the_whole_database_runs_alone_and_one_of_a_single_row_beside_others() {
    let Some((database, mut client)) = database() else { return };
    let (one, other) = (Node::start(&database), Node::start(&database));
    let workspace = one.workspace("one");
    let (go, wait) = channel::<()>();
    let (begun, has_begun) = channel();
    let first = one.0.send(scope(&workspace), move |_| {
        begun.send(()).unwrap();
        wait.recv().map_err(|error| StoreError::Internal(error.to_string()))
    });
    has_begun.recv_timeout(PATIENCE).unwrap();
    other.write(WriteScope::SingleRow, |tx| tx.probe()).unwrap();
    let (done, is_done) = channel();
    let alone = other.0.send(WriteScope::Database, move |_| {
        done.send(()).unwrap();
        Ok(())
    });
    let waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    wait_for(&mut client, waiting);
    assert!(is_done.try_recv().is_err());
    go.send(()).unwrap();
    first.unwrap().blocking_recv().unwrap().unwrap();
    alone.unwrap().blocking_recv().unwrap().unwrap();
    is_done.try_recv().unwrap();
}

#[test]
fn two_servers_with_different_clocks_share_the_numbers_and_times_of_a_workspace() {
    let Some((database, mut client)) = database() else { return };
    let start = Timestamp::parse("2026-01-01T12:00:00Z").unwrap();
    let clock_at = |time| Arc::new(FixedClock(time, Monotonic::from_micros(0)));
    let ahead = Node::start_with(&database, clock_at(start.plus_millis(5000)));
    let behind = Node::start_with(&database, clock_at(start));
    let workspace = behind.workspace("one");
    let caller = Caller { workspace, actor: Actor::command_line(), livemode: true };
    let scope = scope(&caller.workspace);
    thread::scope(|threads| {
        for node in [&ahead, &behind, &ahead, &behind] {
            let caller = &caller;
            threads.spawn(move || {
                for _ in 0..25 {
                    let caller = caller.clone();
                    let change = move |tx: &Tx<'_>| {
                        let tx = tx.for_caller(&caller);
                        tx.create_customer(body(&json!({"name": "Aurora"}))).map(drop)
                    };
                    node.write(scope, change).unwrap();
                }
            });
        }
    });
    let sql = "SELECT display_id, created_at FROM customers ORDER BY display_id";
    let rows = client.query(sql, &[]).unwrap();
    let numbers: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(numbers, (1..=100).collect::<Vec<i64>>());
    let times: Vec<i64> = rows.iter().map(|row| row.get(1)).collect();
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    let slugs = client.query("SELECT DISTINCT slug FROM customers", &[]).unwrap();
    assert_eq!(slugs.len(), 100);
}

#[test]
fn a_connection_that_is_lost_before_the_commit_stores_nothing_and_is_replaced() {
    let Some((database, mut client)) = database() else { return };
    let node = Node::start(&database);
    let mut killer = database.connect();
    let lost = node.write(WriteScope::Database, move |tx| {
        create(tx, "lost")?;
        let sql = "SELECT CAST(pg_backend_pid() AS bigint)";
        let pid: i64 = tx.conn.query_row(sql, (), |row| row.get(0))?;
        killer.batch_execute(&format!("SELECT pg_terminate_backend({pid}, 60000)")).unwrap();
        create(tx, "later").map(drop)
    });
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    node.workspace("stored");
    assert_eq!(slugs(&mut client), ["stored"]);
    // A connection that is lost while it is idle costs nothing.
    let all = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.batch_execute(all).unwrap();
    node.workspace("next");
    assert_eq!(slugs(&mut client), ["stored", "next"]);
}

#[test]
fn a_commit_with_a_warning_is_unknown() {
    let Some((database, mut client)) = database() else { return };
    let node = Node::start(&database);
    at_commit(&mut client, "workspaces", "RAISE WARNING ''no synchronous replication''");
    let unknown = node.write(WriteScope::Database, |tx| create(tx, "unknown"));
    assert!(matches!(unknown, Err(StoreError::OutcomeUnknown(_))), "{unknown:?}");
    assert_eq!(slugs(&mut client), ["unknown"], "it was stored");
}

#[test]
fn a_retry_finds_a_change_whose_outcome_was_unknown_by_its_idempotency_key() {
    let Some((database, mut client)) = database() else { return };
    let node = Node::start(&database);
    let workspace = node.workspace("one");
    at_commit(&mut client, "customers", "RAISE WARNING ''no synchronous replication''");
    let caller = Caller { workspace, actor: Actor::command_line(), livemode: true };
    let retry = IdempotentRequest::new("POST /customers".to_owned(), b"key", b"{}").unwrap();
    let create_once = || {
        let (caller, retry) = (caller.clone(), retry.clone());
        node.write(scope(&caller.workspace), move |tx| {
            let tx = tx.for_caller(&caller);
            if let Some(Replay::Response(saved)) = tx.find_replay(&retry)? {
                return Ok(saved.location);
            }
            let id = tx.create_customer(body(&json!({"name": "Aurora"})))?.resource.id;
            let location = Some(id.to_string());
            let saved = SavedResponse { status: 201, location: location.clone(), body: Vec::new() };
            tx.save_response(&retry, &saved)?;
            Ok(location)
        })
    };
    let unknown = create_once();
    assert!(matches!(unknown, Err(StoreError::OutcomeUnknown(_))), "{unknown:?}");
    let found = create_once().unwrap().unwrap();
    let ids = client.query("SELECT id FROM customers", &[]).unwrap();
    assert_eq!(ids.iter().map(|row| row.get(0)).collect::<Vec<String>>(), [found]);
}

#[test]
fn a_commit_whose_connection_is_lost_is_unknown() {
    let Some((database, mut client)) = database() else { return };
    let node = Node::start(&database);
    client.batch_execute("SELECT pg_advisory_lock(9)").unwrap();
    at_commit(&mut client, "workspaces", "PERFORM pg_advisory_xact_lock(9)");
    let change = node.0.send(WriteScope::Database, |tx| create(tx, "unknown")).unwrap();
    let pid = wait_for(
        &mut client,
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
             AND wait_event = 'advisory'",
    );
    client.batch_execute(&format!("SELECT pg_terminate_backend({pid}, 10000)")).unwrap();
    let unknown = change.blocking_recv().unwrap();
    assert!(matches!(unknown, Err(StoreError::OutcomeUnknown(_))), "{unknown:?}");
    assert_eq!(slugs(&mut client), [""; 0], "it was not stored");
}

#[test]
fn a_commit_that_a_deferred_constraint_refuses_is_known_not_to_be_stored() {
    let Some((database, mut client)) = database() else { return };
    let node = Node::start(&database);
    let refused = node.write(WriteScope::Database, |tx| {
        create(tx, "refused")?;
        let open = "INSERT INTO purges (workspace_no, resource, resource_id, purged_at, actor_type,
                        actor_id, open) VALUES (1, 'contact', 'c', 1, 'admin', 'cli', 0)";
        Ok(tx.conn.execute(open, ())?)
    });
    assert!(matches!(refused, Err(StoreError::Internal(_))), "{refused:?}");
    assert_eq!(slugs(&mut client), [""; 0]);
}

#[test]
fn changes_are_refused_while_no_server_answers() {
    let url = "postgres://nobody@127.0.0.1:1/nothing?sslmode=disable".parse().unwrap();
    let (outbox, stats) = (OutboxSignal::default(), Arc::new(WriteStats::default()));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let connector = Connector::new(&url).unwrap();
    let node = Node(Writer::start(1, &connector, &clock, &outbox, stats).unwrap());
    for _ in 0..3 {
        let refused = node.write(WriteScope::SingleRow, |tx| tx.probe());
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
}
