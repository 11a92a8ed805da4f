//! Tests that the queries of the sender, the delivery log, and their cleanup never scan or sort
//! deliveries, attempts, or events. Only endpoints may be scanned because there are few.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::attempts::Finished;
use super::deliveries::DeliveryFilter;
use super::hold;
use super::numbers::{DeliveryNo, EndpointNo};
use super::replay::ReplayScope;
use crate::model::event::Actor;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::Outcome;
use crate::model::webhook::endpoint::DisabledReason;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::sqlite::schema;
use crate::store::reader::Reader;
use crate::store::rows::plans::{plan, statements};
use crate::store::tx::Tx;

fn now() -> Timestamp {
    Timestamp::from_micros(1_000_000)
}

/// Creates endpoints (one enabled, one disabled, one deleted, one expired) and deliveries to the
/// enabled one in every status.
fn database() -> Connection {
    let mut conn = Connection::open_in_memory().unwrap();
    schema::create(&mut conn).unwrap();
    let endpoint = |no: i64, disabled: &str, expires: &str, deleted: &str| {
        format!(
            "INSERT INTO webhook_endpoints (no, id, workspace_no, url, description, mode, types,
                 fields, secret, disabled_at, disabled_reason, created_at, updated_at, expires_at,
                 deleted_at)
             VALUES ({no}, 'ep_{no}', 1, 'https://a.example/', '', 'live', '', '', x'00',
                 {disabled}, 0, 0, {expires}, {deleted});"
        )
    };
    let endpoints = [
        endpoint(1, "NULL, NULL", "NULL", "NULL"),
        endpoint(2, "0, 'admin'", "NULL", "NULL"),
        endpoint(3, "NULL, NULL", "NULL", "0"),
        endpoint(4, "NULL, NULL", "1", "NULL"),
    ];
    let delivery = |no: i64, endpoint: i64, status: &str, next: &str, held: i64| {
        format!(
            "INSERT INTO webhook_deliveries (no, id, endpoint_no, event_id, type, status,
                 next_attempt_at, held, created_at)
             VALUES ({no}, 'msg_{no}', {endpoint}, 'evt_1', 'customer.created', '{status}', {next},
                 {held}, 0);"
        )
    };
    let deliveries = [
        delivery(1, 1, "pending", "0", 0),
        delivery(2, 1, "pending", "9000000000000", 0),
        delivery(3, 1, "pending", "0", 1),
        delivery(4, 1, "failed", "NULL", 0),
        delivery(5, 1, "skipped", "NULL", 0),
        delivery(6, 1, "delivered", "NULL", 0),
        delivery(7, 2, "pending", "0", 0),
        delivery(8, 3, "failed", "NULL", 0),
    ];
    conn.execute_batch(&format!(
        "INSERT INTO workspaces VALUES (1, 'c1', 'w', 'W', 0, 'USD'); {} {}",
        endpoints.concat(),
        deliveries.concat()
    ))
    .unwrap();
    conn
}

fn with_tx(conn: &mut Connection, work: impl FnOnce(&Tx<'_>)) -> BTreeSet<String> {
    statements(conn, |reader| work(&Tx { conn: reader.conn, now: now() }))
}

fn with_reader(conn: &mut Connection, work: impl FnOnce(&Reader<'_>)) -> BTreeSet<String> {
    statements(conn, |reader| work(&Reader { conn: reader.conn }))
}

/// Checks the statements on tables that can be large.
#[track_caller]
fn assert_only_searches(conn: &Connection, seen: &BTreeSet<String>, expected: usize) {
    let large = |sql: &&String| {
        let tables = ["webhook_deliveries", "webhook_attempts", "events"];
        tables.iter().any(|table| sql.contains(table)) && !sql.starts_with("INSERT")
    };
    let large: Vec<&String> = seen.iter().filter(large).collect();
    assert_eq!(large.len(), expected, "{large:#?}");
    for sql in large {
        let plan = plan(conn, sql);
        for step in &plan {
            let is_fine =
                ["SEARCH", "CORRELATED", "LIST SUBQUERY", "SCALAR SUBQUERY", "CO-ROUTINE"]
                    .iter()
                    .any(|start| step.starts_with(start))
                    || step.starts_with("SCAN webhook_endpoints")
                    || step == "SCAN held";
            assert!(is_fine, "{sql}\n{plan:#?}");
        }
    }
}

#[test]
fn the_sender_finds_due_deliveries_by_index() {
    let mut conn = database();
    let seen = with_reader(&mut conn, |reader| {
        let queues = reader.webhook_queues(now(), |_| 10).unwrap();
        let queue = &queues[0];
        assert_eq!((queues.len(), queue.first_attempts.len()), (1, 1));
        let delivery = (queue.endpoint, queue.first_attempts[0]);
        let requests = reader.outgoing_requests(&[delivery], now()).unwrap();
        assert!(requests[0].is_some());
    });
    assert_only_searches(&conn, &seen, 5);
    for sql in seen.iter().filter(|sql| sql.contains("ORDER BY endpoint_no")) {
        let plan = plan(&conn, sql);
        assert!(plan[0].contains("webhook_deliveries_due (endpoint_no>?)"), "{plan:#?}");
    }
    let by_time = ["ORDER BY next_attempt_at", "min(next_attempt_at)"];
    for sql in seen.iter().filter(|sql| by_time.iter().any(|part| sql.contains(part))) {
        let plan = plan(&conn, sql);
        assert!(plan[0].contains("webhook_deliveries_due (endpoint_no=? AND next"), "{plan:#?}");
    }
}

#[test]
fn results_are_recorded_by_row() {
    let mut conn = database();
    let seen = with_tx(&mut conn, |tx| {
        let finished = Finished {
            workspace: WorkspaceNo(1),
            delivery: DeliveryNo(1),
            id: DeliveryId::from_stored("msg_1".to_owned()),
            step: 0,
            outcome: Outcome {
                started_at: now(),
                duration: std::time::Duration::ZERO,
                url: String::new(),
                status: Some(500),
                error: Some(String::new()),
                response: Vec::new(),
                retry_after: None,
            },
            retry_at: None,
        };
        tx.record_attempts(&[finished], 1).unwrap();
    });
    // Reading and updating the delivery, and skipping the endpoint's other deliveries when this
    // disables it.
    assert_only_searches(&conn, &seen, 3);
}

#[test]
fn every_page_of_the_delivery_log_walks_an_index() {
    let mut conn = database();
    let id = EndpointId::from_stored("ep_1".to_owned());
    let seen = with_reader(&mut conn, |reader| {
        for unsuccessful in [false, true] {
            for since in [None, Some(now())] {
                for before in [None, Some((now(), 1))] {
                    let filter = DeliveryFilter { unsuccessful, since, before, limit: 10 };
                    reader.deliveries(&id, &filter).unwrap().unwrap();
                }
            }
        }
    });
    assert_only_searches(&conn, &seen, 2);
    for sql in seen.iter().filter(|sql| sql.contains("webhook_deliveries")) {
        let index = if sql.contains("skipped") {
            "webhook_deliveries_to_replay (endpoint_no=? AND created_at"
        } else {
            "webhook_deliveries_by_time (endpoint_no=? AND created_at"
        };
        let plan = plan(&conn, sql);
        assert!(plan[0].contains(index), "{plan:#?}");
    }
}

#[test]
fn deliveries_are_looked_up_by_id_and_event() {
    let mut conn = database();
    let seen = with_reader(&mut conn, |reader| {
        let id = DeliveryId::from_stored("msg_6".to_owned());
        assert!(reader.delivery(&id).unwrap().is_some());
        assert_eq!(reader.deliveries_of_events(&["evt_1", "evt_2"]).unwrap().len(), 8);
    });
    // The delivery, its attempts, its event, and the deliveries of the events.
    assert_only_searches(&conn, &seen, 4);
}

#[test]
fn replays_walk_an_index() {
    let mut conn = database();
    let id = EndpointId::from_stored("ep_1".to_owned());
    let seen = with_tx(&mut conn, |tx| {
        assert!(tx.replay_delivery(&DeliveryId::from_stored("msg_4".to_owned())).unwrap());
        let since = Timestamp::from_micros(0);
        for scope in [ReplayScope::Failed, ReplayScope::FailedAndSkipped, ReplayScope::All] {
            tx.replay_endpoint(&id, scope, since, Some((since, 0))).unwrap();
        }
    });
    // The delivery, the two walks, and the update of each row.
    assert_only_searches(&conn, &seen, 4);
    for sql in seen.iter().filter(|sql| sql.contains("ORDER BY")) {
        let plan = plan(&conn, sql);
        assert!(plan[0].contains("(endpoint_no=? AND created_at>"), "{plan:#?}");
    }
}

#[test]
fn preparing_the_outbox_at_startup_walks_an_index() {
    let mut conn = database();
    let seen = with_reader(&mut conn, |reader| {
        assert_eq!(reader.held_deliveries(10).unwrap(), 1);
    });
    assert_only_searches(&conn, &seen, 1);
    let seen = with_tx(&mut conn, |tx| {
        assert_eq!(tx.bring_forward(&[0, 1_000_000]).unwrap(), 1);
        assert_eq!(tx.resume_deliveries().unwrap(), 1);
    });
    assert_only_searches(&conn, &seen, 3);
    for sql in seen.iter().filter(|sql| sql.contains("held = 1")) {
        let plan = plan(&conn, sql);
        assert!(plan[0].contains("webhook_deliveries_held (endpoint_no=?)"), "{plan:#?}");
    }
}

#[test]
fn the_cleanup_walks_an_index() {
    let mut conn = database();
    let seen =
        with_tx(&mut conn, |tx| while tx.clean_up_deliveries(WorkspaceNo(1), now()).unwrap() {});
    // Skipping, listing a deleted endpoint's deliveries and old ones, and removing each with its
    // attempts.
    assert_only_searches(&conn, &seen, 5);
    let left: Vec<i64> = conn
        .prepare("SELECT no FROM webhook_deliveries")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(left, [1, 2], "pending deliveries are kept");
}

#[test]
fn disabling_an_endpoint_and_holding_deliveries_walk_the_index_of_due_deliveries() {
    let mut conn = database();
    let seen = with_tx(&mut conn, |tx| {
        let id = EndpointId::from_stored("ep_1".to_owned());
        tx.disable_endpoint(Actor::system(), &id, DisabledReason::Admin).unwrap().unwrap();
        assert_eq!(tx.skip_pending(EndpointNo(1)).unwrap(), 0);
    });
    assert_only_searches(&conn, &seen, 1);
    let seen =
        statements(&mut conn, |reader| hold::hold_pending(reader.conn.sqlite().unwrap()).unwrap());
    let sql = seen.iter().find(|sql| sql.starts_with("UPDATE")).unwrap();
    // Holds all pending deliveries, in a copy that nobody else uses.
    assert!(plan(&conn, sql)[0].contains("USING INDEX webhook_deliveries_due"));
}

#[test]
fn the_backlog_is_counted_in_the_index_of_due_deliveries() {
    let mut conn = database();
    let seen = with_reader(&mut conn, |reader| {
        // Two are due sooner or later, and one waits for a disabled endpoint to be cleaned up.
        assert_eq!(reader.webhook_backlog().unwrap().deliveries, 3);
        assert_eq!(reader.disabled_endpoints().unwrap(), [DisabledReason::Admin]);
    });
    let sql = seen.iter().find(|sql| sql.contains("webhook_deliveries")).unwrap();
    let plan = plan(&conn, sql);
    let walk = "SCAN webhook_deliveries USING INDEX webhook_deliveries_due";
    assert!(sql.contains("LIMIT") && plan.iter().any(|step| step == walk), "{plan:#?}");
}
