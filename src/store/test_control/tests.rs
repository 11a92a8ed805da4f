use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use rusqlite::types::Value;
use serde_json::json;

use super::undo_log::{COPIED, LOGGED, key};
use super::{MAX_SNAPSHOTS, StateError};
use crate::model::caller::Caller;
use crate::model::event::Actor;
use crate::model::idempotency::{IdempotentRequest, SavedResponse};
use crate::model::values::id::{DisplayId, Ref};
use crate::model::values::slug::Slug;
use crate::model::workspace::SnapshotName;
use crate::store::rows::fixture::{Db, body};
use crate::store::rows::slug_runs;
use crate::store::webhooks::numbers::EndpointNo;

/// The workspaces `one` and `two`, whose numbers change, and what the tests do to one of them.
struct Fixture {
    db: Db,
    second: Cell<i64>,
    workspace: Cell<&'static str>,
}

type Dump = Vec<(String, Vec<Vec<Value>>)>;

impl Fixture {
    fn new() -> Self {
        let db = Db::new().in_another_workspace();
        // As in the writer's connection, so that the tests notice if it stays off.
        db.conn().pragma_update(None, "foreign_keys", true).unwrap();
        Self { db, second: 0.into(), workspace: "one".into() }
    }

    fn slug(&self) -> Slug {
        Slug::parse(self.workspace.get()).unwrap()
    }

    fn now(&self) -> i64 {
        self.second.set(self.second.get() + 1);
        self.second.get()
    }

    fn caller(&self) -> Caller {
        let workspace = self.db.global_tx(0).workspace(&self.slug()).unwrap().unwrap();
        Caller { workspace, actor: Actor::command_line(), livemode: true }
    }

    fn create(&self, name: &str) {
        let (caller, now) = (self.caller(), self.now());
        let tx = self.db.tx_as(now, &caller);
        let customer = tx.create_customer(body(&json!({"name": name}))).unwrap().resource;
        let id_ref = Ref::Id(customer.id.clone());
        let contact = json!({"name": "Ada", "email": "ada@example.com"});
        tx.create_contact(&id_ref, body(&contact)).unwrap();
        let onboarding = json!({"customer_id": customer.id.as_str(), "phase": "review"});
        tx.create_onboarding(body(&onboarding)).unwrap();
        let retry = IdempotentRequest {
            endpoint: "POST /customers".to_owned(),
            key: format!("key-{now}").into_bytes(),
            body_digest: [0; 32],
        };
        let response = SavedResponse { status: 201, location: None, body: b"{}".to_vec() };
        tx.save_response(&retry, &response).unwrap();
    }

    /// Changes or deletes the customer with this display ID, if there is one.
    fn rename(&self, display_id: i64, name: &str) {
        let (caller, now) = (self.caller(), self.now());
        let id_ref = Ref::DisplayId(DisplayId(display_id));
        let patch = json!({"name": name, "status": "at_risk"});
        let _ = self.db.tx_as(now, &caller).update_customer(&id_ref, body(&patch));
    }

    fn delete(&self, display_id: i64) {
        let (caller, now) = (self.caller(), self.now());
        let _ = self.db.tx_as(now, &caller).delete_customer(&Ref::DisplayId(DisplayId(display_id)));
    }

    fn snapshot(&self, name: &str) -> Result<(), StateError> {
        self.db.global_tx(self.now()).take_snapshot(&self.slug(), &snapshot_name(name)).unwrap()
    }

    fn restore(&self, name: &str) -> Result<(), StateError> {
        self.db.global_tx(self.now()).restore_snapshot(&self.slug(), &snapshot_name(name)).unwrap()
    }

    fn reset(&self) {
        self.db.global_tx(self.now()).reset_workspace(&self.slug()).unwrap().unwrap();
    }

    fn remove_discarded(&self) {
        while self.db.global_tx(self.now()).remove_discarded().unwrap() {}
    }

    /// Returns all rows of the workspace's data.
    fn dump(&self) -> Dump {
        let number = self.caller().workspace.no.0;
        let rows = |table: &str| {
            let sql = format!("SELECT * FROM {table} WHERE workspace_no = ?1");
            let mut statement = self.db.conn().prepare(&sql).unwrap();
            let count = statement.column_count();
            let number_at = statement.column_index("workspace_no").unwrap();
            let rows = statement.query_map([number], |row| {
                let columns = (0..count).filter(|&column| column != number_at);
                columns.map(|column| row.get(column)).collect::<rusqlite::Result<Vec<Value>>>()
            });
            let mut rows: Vec<Vec<Value>> = rows.unwrap().map(Result::unwrap).collect();
            rows.sort_by_key(|row| format!("{row:?}"));
            (table.to_owned(), rows)
        };
        LOGGED.iter().chain(&COPIED).map(|table| rows(table)).collect()
    }

    fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.db.conn().query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    fn assert_intact(&self) {
        let conn = self.db.conn();
        assert!(!conn.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
        assert_eq!(slug_runs::check(conn, 10).unwrap(), [""; 0]);
        let checked: i64 = conn.pragma_query_value(None, "foreign_keys", |row| row.get(0)).unwrap();
        assert_eq!(checked, 1);
        if self.count("events") > 0 {
            assert!(conn.execute("DELETE FROM events", []).is_err());
            assert!(conn.execute("UPDATE events SET type = 'x'", []).is_err());
        }
    }
}

fn snapshot_name(name: &str) -> SnapshotName {
    SnapshotName::parse(name).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Create(&'static str),
    Rename(i64),
    Delete(i64),
    Snapshot(&'static str),
    Restore(&'static str),
    Reset,
    RemoveDiscarded,
    /// Removes all saved responses, also those of the other workspace.
    ExpireKeys,
}

fn step() -> impl Strategy<Value = Step> {
    let name = || prop::sample::select(vec!["a", "b", "c"]);
    prop_oneof![
        4 => prop::sample::select(vec!["Aurora", "Borealis", "Aurora 2"]).prop_map(Step::Create),
        3 => (1i64..6).prop_map(Step::Rename),
        2 => (1i64..6).prop_map(Step::Delete),
        3 => name().prop_map(Step::Snapshot),
        3 => name().prop_map(Step::Restore),
        1 => Just(Step::Reset),
        1 => Just(Step::RemoveDiscarded),
        1 => Just(Step::ExpireKeys),
    ]
}

fn run(steps: Vec<(&'static str, Step)>) {
    let fixture = Fixture::new();
    let mut snapshots: BTreeMap<(&str, &str), Dump> = BTreeMap::new();
    for (workspace, step) in steps {
        let other = if workspace == "one" { "two" } else { "one" };
        fixture.workspace.set(other);
        let others = fixture.dump();
        fixture.workspace.set(workspace);
        match step {
            Step::Create(name) => fixture.create(name),
            Step::Rename(id) => fixture.rename(id, "Renamed"),
            Step::Delete(id) => fixture.delete(id),
            Step::Snapshot(name) => {
                fixture.snapshot(name).unwrap();
                snapshots.insert((workspace, name), fixture.dump());
            }
            Step::Restore(name) => match snapshots.get(&(workspace, name)) {
                Some(expected) => {
                    fixture.restore(name).unwrap();
                    assert_eq!(&fixture.dump(), expected, "restoring {name}");
                }
                None => assert_eq!(fixture.restore(name), Err(StateError::UnknownSnapshot)),
            },
            Step::Reset => {
                fixture.reset();
                assert!(fixture.dump().iter().all(|(_, rows)| rows.is_empty()));
            }
            Step::RemoveDiscarded => {
                let before = fixture.dump();
                fixture.remove_discarded();
                assert_eq!(fixture.dump(), before);
            }
            Step::ExpireKeys => {
                let sql = "DELETE FROM idempotency_keys";
                fixture.db.conn().execute(sql, []).unwrap();
                continue;
            }
        }
        fixture.assert_intact();
        fixture.workspace.set(other);
        assert_eq!(fixture.dump(), others, "the other workspace");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_restore_brings_back_exactly_what_a_snapshot_kept(
        steps in prop::collection::vec(
            (prop::sample::select(vec!["one", "one", "two"]), step()),
            0..60
        )
    ) {
        run(steps);
    }
}

#[test]
fn a_restore_leaves_rows_alone_that_got_the_numbers_of_removed_ones() {
    let in_one = |step| ("one", step);
    run(vec![
        in_one(Step::Snapshot("a")),
        in_one(Step::Create("Aurora")),
        in_one(Step::Snapshot("b")),
        in_one(Step::Restore("a")),
        ("two", Step::Create("Borealis")),
        in_one(Step::Restore("b")),
        in_one(Step::Restore("a")),
    ]);
}

#[test]
fn a_reset_touches_no_other_workspace_and_numbers_start_at_1_again() {
    let fixture = Fixture::new();
    fixture.create("Aurora");
    fixture.second.set(10);
    fixture.db.customer(11, &json!({"name": "Other"}));
    fixture.create("Borealis");
    fixture.reset();
    fixture.remove_discarded();
    assert_eq!(fixture.count("customers"), 1);
    assert_eq!(fixture.count("events"), 1);
    fixture.create("Aurora");
    let caller = fixture.caller();
    let tx = fixture.db.tx_as(100, &caller);
    let next = tx.create_customer(body(&json!({"name": "Aurora"}))).unwrap().resource;
    assert_eq!((next.display_id.0, next.slug.as_str()), (2, "aurora-2"));
    let workspaces = fixture.db.global().workspaces().unwrap();
    let slugs: Vec<&str> = workspaces.iter().map(|workspace| workspace.slug.as_str()).collect();
    assert_eq!(slugs, ["two", "one"]);
    fixture.assert_intact();
}

#[test]
fn a_request_that_was_authenticated_before_a_reset_writes_to_what_is_discarded() {
    let fixture = Fixture::new();
    let stale = fixture.caller();
    fixture.reset();
    fixture.remove_discarded();
    let tx = fixture.db.tx_as(50, &stale);
    tx.create_customer(body(&json!({"name": "Late"}))).unwrap();
    assert!(fixture.dump().iter().all(|(_, rows)| rows.is_empty()));
    fixture.remove_discarded();
    assert_eq!(fixture.count("customers"), 0);
    // Its number can still be written to after some more resets, but is removed at some point.
    for _ in 0..40 {
        fixture.reset();
        fixture.remove_discarded();
    }
    assert_eq!(fixture.count("workspaces"), 34);
    fixture.assert_intact();
}

#[test]
fn a_restore_refuses_rows_from_another_process_and_changes_nothing() {
    let fixture = Fixture::new();
    fixture.create("Aurora");
    fixture.snapshot("a").unwrap();
    // Another process doesn't have the triggers.
    let conn = fixture.db.conn();
    let triggers = "SELECT sql FROM sqlite_temp_schema WHERE type = 'trigger'";
    let mut statement = conn.prepare(triggers).unwrap();
    let sql: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for name in LOGGED.iter().flat_map(|table| {
        ["insert", "update", "delete"].map(|change| format!("undo_{table}_{change}"))
    }) {
        conn.execute_batch(&format!("DROP TRIGGER temp.{name}")).unwrap();
    }
    fixture.create("Aurora");
    for trigger in sql {
        conn.execute_batch(&trigger.replacen("CREATE TRIGGER", "CREATE TEMP TRIGGER", 1)).unwrap();
    }
    let is_refused = || {
        let before = fixture.dump();
        assert_eq!(fixture.restore("a"), Err(StateError::ChangedElsewhere));
        assert_eq!(fixture.dump(), before);
    };
    is_refused();
    fixture.rename(2, "Changed here");
    is_refused();
    fixture.delete(1);
    is_refused();
    fixture.reset();
    fixture.create("Aurora");
    fixture.assert_intact();
}

#[test]
fn a_restore_does_not_bring_back_what_another_process_purged() {
    let fixture = Fixture::new();
    fixture.create("Aurora");
    fixture.snapshot("a").unwrap();
    fixture.rename(1, "Changed");
    let add_purge = |workspace_no: i64| {
        let sql = "INSERT INTO purges (workspace_no, resource, resource_id, purged_at, actor_type,
                       actor_id) VALUES (?1, 'customer', 'c', 1, 'admin', 'cli')";
        fixture.db.conn().execute(sql, [workspace_no]).unwrap();
    };
    add_purge(99);
    fixture.restore("a").unwrap();
    add_purge(1);
    assert_eq!(fixture.restore("a"), Err(StateError::ChangedElsewhere));
    fixture.snapshot("a").unwrap();
    fixture.restore("a").unwrap();
}

#[test]
fn snapshots_are_limited_and_replaced_by_name() {
    let fixture = Fixture::new();
    for number in 0..MAX_SNAPSHOTS {
        fixture.snapshot(&format!("s{number}")).unwrap();
        fixture.create("Aurora");
    }
    assert_eq!(fixture.snapshot("more"), Err(StateError::TooManySnapshots));
    fixture.snapshot("s7").unwrap();
    fixture.restore("s3").unwrap();
    let (customers, rows) = fixture.dump().swap_remove(0);
    assert_eq!((customers.as_str(), rows.len()), ("customers", 3));
    let unknown = Slug::parse("unknown").unwrap();
    let tx = fixture.db.global_tx(0);
    assert_eq!(tx.reset_workspace(&unknown).unwrap(), Err(StateError::UnknownWorkspace));
}

#[test]
fn endpoints_stay_and_lose_their_deliveries() {
    let fixture = Fixture::new();
    let number = fixture.caller().workspace.no.0;
    let insert = "INSERT INTO webhook_endpoints (no, id, workspace_no, url, description, mode,
        types, fields, secret, created_at, updated_at)
        VALUES (1, 'ep_0000000000000000000000001', ?1, 'https://example.com/', '', 'live', '', '',
                x'00', 0, 0)";
    fixture.db.conn().execute(insert, [number]).unwrap();
    fixture.create("Aurora");
    assert_eq!(fixture.count("webhook_deliveries"), 3);
    fixture.snapshot("a").unwrap();
    fixture.create("Borealis");
    fixture.restore("a").unwrap();
    // Those of the events from before the snapshot.
    assert_eq!(fixture.count("webhook_deliveries"), 3);
    fixture.reset();
    fixture.create("Aurora");
    let endpoints = fixture.db.global().endpoints().unwrap();
    assert_eq!(endpoints.len(), 1);
    assert_eq!(endpoints[0].id.as_str(), "ep_0000000000000000000000001");
    let now = crate::store::rows::fixture::time_at(1000);
    let queues = fixture.db.global().webhook_queues(now, |_| 10).unwrap();
    assert_eq!(queues.len(), 1);
    assert_eq!(queues[0].endpoint, EndpointNo::for_test(2));
    assert_eq!(queues[0].first_attempts.len(), 3);
    while fixture
        .db
        .global_tx(1000)
        .clean_up_deliveries(fixture.caller().workspace.no, now.plus_millis(-3_600_000))
        .unwrap()
    {}
    assert_eq!(fixture.count("webhook_deliveries"), 3);
    assert_eq!(fixture.count("webhook_endpoints"), 1);
}

#[test]
fn versions_are_found_through_an_index() {
    let fixture = Fixture::new();
    fixture.create("Aurora");
    fixture.snapshot("a").unwrap();
    for table in LOGGED {
        let key = key(table, "t");
        for sql in [
            format!(
                "SELECT 1 FROM main.{table} AS t, row_counts AS s
                 WHERE NOT EXISTS (SELECT 1 FROM undo_{table} AS u
                                   WHERE u.segment = s.segment AND u.row_key = {key})"
            ),
            format!(
                "SELECT u.row_key FROM restoring AS r CROSS JOIN undo_{table} AS u
                     ON u.segment = r.segment AND u.row_key = r.row_key"
            ),
        ] {
            let explain = format!("EXPLAIN QUERY PLAN {sql}");
            let mut statement = fixture.db.conn().prepare(&explain).unwrap();
            let steps = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<String> = steps.map(Result::unwrap).collect();
            let expected = format!("USING INDEX undo_{table}_by_row (segment=? AND row_key=?)");
            let covering = expected.replace("USING INDEX", "USING COVERING INDEX");
            let is_found =
                plan.iter().any(|step| step.contains(&expected) || step.contains(&covering));
            assert!(is_found, "{sql}: {plan:?}");
        }
    }
}
