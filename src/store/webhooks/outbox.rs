//! The outbox: deliveries are queued in the transaction that records their event.

use super::numbers::EndpointNo;
use crate::model::event::EventType;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::DeliveryStatus;
use crate::model::webhook::envelope::SyntheticEvent;
use crate::model::webhook::id::DeliveryId;
use crate::model::webhook::subscription::Subscription;
use crate::store::engine::{Conn, params};
use crate::store::error::StoreError;
use crate::store::rows::row::conversion_error;
use crate::store::tx::{Tx, WorkspaceTx};

/// The due times of a delivery that can be sent immediately, and of one that goes before those.
const AT_ONCE: i64 = 0;
const BEFORE_OTHERS: i64 = -1;
/// The number of deliveries to skip at a time.
const SKIP_BATCH: u32 = 1000;

/// An event that was just recorded.
pub(in crate::store) struct Recorded<'e> {
    pub id: &'e str,
    pub kind: EventType,
    pub created_at: Timestamp,
    /// The previous values of the changed fields, as JSON.
    pub previous: Option<&'e str>,
}

impl WorkspaceTx<'_> {
    /// Queues an event for the workspace's endpoints that subscribe to it: live endpoints for
    /// changes made with live keys or by admins, test endpoints for changes made with test keys.
    pub(in crate::store) fn queue_event(&self, event: &Recorded<'_>) -> Result<(), StoreError> {
        let mode = if self.caller.livemode { "live" } else { "test" };
        let sql = "SELECT no, types, fields, disabled_at IS NULL FROM webhook_endpoints
                   WHERE workspace_no = ?1 AND mode = ?2 AND deleted_at IS NULL
                       AND (expires_at IS NULL OR expires_at > ?3)";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![self.workspace().0, mode, self.now.as_micros()])?;
        let mut changed = None;
        while let Some(row) = rows.next()? {
            let (types, fields): (String, String) = (row.get(1)?, row.get(2)?);
            let subscription = Subscription::from_texts(&types, &fields).ok_or_else(|| {
                conversion_error(1, "an event type that this version doesn't know")
            })?;
            if changed.is_none() && !subscription.fields().is_empty() {
                let previous = event.previous.unwrap_or("{}");
                changed = Some(serde_json::from_str::<serde_json::Value>(previous)?);
            }
            let has_changed =
                |field: &str| changed.as_ref().is_some_and(|changed| changed.get(field).is_some());
            if subscription.matches(event.kind, has_changed) {
                let status =
                    if row.get(3)? { DeliveryStatus::Pending } else { DeliveryStatus::Skipped };
                self.queue(EndpointNo(row.get(0)?), event, status)?;
            }
        }
        Ok(())
    }

    fn queue(
        &self,
        endpoint: EndpointNo,
        event: &Recorded<'_>,
        status: DeliveryStatus,
    ) -> Result<(), StoreError> {
        let is_pending = status == DeliveryStatus::Pending;
        let sql = "INSERT INTO webhook_deliveries (id, endpoint_no, event_id, type, status,
                       next_attempt_at, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.conn.prepare_cached(sql)?.execute(params![
            DeliveryId::generate().as_str(),
            endpoint.0,
            event.id,
            <&str>::from(event.kind),
            <&str>::from(status),
            if is_pending { Some(self.first_attempt_at()?) } else { None },
            event.created_at.as_micros(),
        ])?;
        Ok(())
    }

    /// Returns when a new delivery is due: 0 unless the schedule begins with a delay.
    fn first_attempt_at(&self) -> Result<i64, StoreError> {
        first_attempt_at(self.conn, self.now)
    }
}

fn first_attempt_at(conn: Conn<'_>, now: Timestamp) -> Result<i64, StoreError> {
    let sql = "SELECT coalesce((SELECT first_delay FROM webhook_settings), 0)";
    let delay: i64 = conn.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
    Ok(if delay == 0 { AT_ONCE } else { now.as_micros().saturating_add(delay) })
}

impl Tx<'_> {
    /// Queues an event that has no row in `events`.
    pub(super) fn queue_synthetic(
        &self,
        endpoint: EndpointNo,
        event: &SyntheticEvent,
    ) -> Result<(), StoreError> {
        self.queue_synthetic_at(endpoint, event, AT_ONCE)
    }

    /// Like `queue_synthetic`, but goes before everything else waiting for a first attempt.
    pub(super) fn queue_synthetic_first(
        &self,
        endpoint: EndpointNo,
        event: &SyntheticEvent,
    ) -> Result<(), StoreError> {
        self.queue_synthetic_at(endpoint, event, BEFORE_OTHERS)
    }

    fn queue_synthetic_at(
        &self,
        endpoint: EndpointNo,
        event: &SyntheticEvent,
        next_attempt_at: i64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO webhook_deliveries (id, endpoint_no, event_id, type, status,
                       next_attempt_at, created_at, body)
                   VALUES (?, ?, ?, ?, 'pending', ?, ?, ?)";
        self.conn.prepare_cached(sql)?.execute(params![
            DeliveryId::generate().as_str(),
            endpoint.0,
            event.id,
            event.kind,
            next_attempt_at,
            self.now.as_micros(),
            event.body,
        ])?;
        Ok(())
    }

    /// Skips a batch of an endpoint's pending deliveries. Returns how many were skipped.
    pub(super) fn skip_pending(&self, endpoint: EndpointNo) -> Result<usize, StoreError> {
        let sql = "UPDATE webhook_deliveries SET status = 'skipped', next_attempt_at = NULL
                   WHERE no IN (SELECT no FROM webhook_deliveries
                                WHERE endpoint_no = ?1 AND status = 'pending' AND held = 0
                                LIMIT ?2)";
        Ok(self.conn.prepare_cached(sql)?.execute([endpoint.0, i64::from(SKIP_BATCH)])?)
    }
}
