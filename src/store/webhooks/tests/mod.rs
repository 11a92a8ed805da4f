//! Tests of the outbox, the recording of attempts, replays, and cleanup.

mod attempts;
mod queue;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::attempts::Finished;
use super::endpoints::Secrets;
use super::hold;
use super::numbers::{DeliveryNo, EndpointNo};
use super::queue::OutgoingRequest;
use super::replay::ReplayScope;
use crate::model::event::Actor;
use crate::model::key::Mode;
use crate::model::values::text::Text;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::{DeliveryStatus, Outcome};
use crate::model::webhook::encryption::StoredSecret;
use crate::model::webhook::endpoint::{DisabledReason, Endpoint, NewEndpoint};
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::model::webhook::subscription::Subscription;
use crate::model::webhook::url::EndpointUrl;
use crate::store::error::StoreError;
use crate::store::rows::fixture::{Db, time_at};

const DAY: i64 = 24 * 60 * 60;
/// After everything in these tests.
const LATER: i64 = 1_000_000;
/// A threshold that never disables an endpoint, for tests of something else.
const NEVER: u32 = 1000;

fn stored(byte: u8) -> StoredSecret {
    StoredSecret { bytes: vec![byte; 24], encrypted_with: None }
}

/// Creates a live endpoint for all events and removes its first ping.
fn endpoint_in(db: &Db, expires_in: Option<i64>) -> Endpoint {
    let new = NewEndpoint {
        id: EndpointId::generate(),
        url: EndpointUrl::parse("https://receiver.example/").unwrap(),
        description: Text::from_stored(String::new()),
        mode: Mode::Live,
        subscription: Subscription::default(),
        expires_at: expires_in.map(time_at),
    };
    let created = db
        .global_tx(0)
        .create_endpoint(Actor::command_line(), &db.caller().workspace, new, stored(1))
        .unwrap();
    db.conn().execute("DELETE FROM webhook_deliveries", []).unwrap();
    created
}

fn endpoint(db: &Db) -> Endpoint {
    endpoint_in(db, None)
}

/// Records a new event and returns the request to send for it.
fn event(db: &Db, seconds: i64) -> OutgoingRequest {
    db.customer(seconds, &json!({ "name": "Aurora" }));
    let no: i64 = one(db, "SELECT max(no) FROM webhook_deliveries");
    outgoing_at(db, DeliveryNo(no), seconds).unwrap()
}

/// Returns the request to send for a delivery, at a time when all are due.
fn outgoing(db: &Db, delivery: DeliveryNo) -> Option<OutgoingRequest> {
    outgoing_at(db, delivery, LATER)
}

fn outgoing_at(db: &Db, delivery: DeliveryNo, seconds: i64) -> Option<OutgoingRequest> {
    let sql = format!("SELECT endpoint_no FROM webhook_deliveries WHERE no = {}", delivery.0);
    let endpoint = EndpointNo(one(db, &sql));
    let requests = db.global().outgoing_requests(&[(endpoint, delivery)], time_at(seconds));
    requests.unwrap().into_iter().next().unwrap()
}

fn one<T: rusqlite::types::FromSql>(db: &Db, sql: &str) -> T {
    db.conn().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Returns the numbers of the due deliveries, first attempts first.
fn due(db: &Db, seconds: i64) -> Vec<DeliveryNo> {
    let queues = db.global().webhook_queues(time_at(seconds), |_| 10_000).unwrap();
    queues.into_iter().flat_map(|queue| [queue.first_attempts, queue.retries].concat()).collect()
}

/// Returns another time with each call, because no two attempts start at the same time.
fn next_start() -> Timestamp {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    Timestamp::from_micros(NEXT.fetch_add(1, Ordering::Relaxed))
}

fn finished(request: &OutgoingRequest, status: u16, retry_at: Option<i64>) -> Finished {
    let is_success = (200..300).contains(&status);
    Finished {
        workspace: request.workspace,
        delivery: request.delivery,
        id: request.id.clone(),
        step: request.step,
        outcome: Outcome {
            started_at: next_start(),
            duration: Duration::from_millis(5),
            url: request.url.as_str().to_owned(),
            status: Some(status),
            error: (!is_success).then(|| format!("The receiver returned {status}.")),
            response: b"body".to_vec(),
            retry_after: None,
        },
        retry_at: retry_at.map(time_at),
    }
}

fn record(db: &Db, result: Finished) -> Vec<Endpoint> {
    db.global_tx(0).record_attempts(&[result], NEVER).unwrap().disabled
}

/// Returns the status, step, and number of attempts.
fn state(db: &Db, id: &DeliveryId) -> (DeliveryStatus, u32, u32) {
    let sql = "SELECT status, step, attempts FROM webhook_deliveries WHERE id = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        let status: String = row.get(0)?;
        Ok((status.parse().unwrap(), row.get(1)?, row.get(2)?))
    };
    db.conn().query_row(sql, [id.as_str()], read).unwrap()
}

fn found(db: &Db, id: &EndpointId) -> (Endpoint, Secrets) {
    db.global().endpoint(id).unwrap().unwrap()
}

/// Gives the deliveries of an endpoint, one a second from second 0, these statuses in turn.
fn fill(db: &Db, count: i64, statuses: &[&str]) {
    for n in 0..count {
        let status = statuses[usize::try_from(n).unwrap() % statuses.len()];
        let sql = "INSERT INTO webhook_deliveries (id, endpoint_no, event_id, type, status,
                       next_attempt_at, created_at)
                   VALUES (?1, 1, 'evt_x', 'customer.created', ?2, ?3, ?4)";
        let next = (status == "pending").then_some(0);
        let id = DeliveryId::generate();
        let values = rusqlite::params![id.as_str(), status, next, time_at(n).as_micros()];
        db.conn().prepare_cached(sql).unwrap().execute(values).unwrap();
    }
}
