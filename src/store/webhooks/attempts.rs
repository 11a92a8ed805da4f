//! Records the outcomes of attempts.

use super::numbers::{DeliveryNo, EndpointNo};
use crate::model::event::Actor;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::{DeliveryStatus, Outcome};
use crate::model::webhook::endpoint::{DisabledReason, Endpoint};
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{OptionalExtension, Row, params};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// A finished attempt, to be recorded.
#[derive(Clone, Debug)]
pub struct Finished {
    pub delivery: DeliveryNo,
    /// The workspace of its endpoint.
    pub workspace: WorkspaceNo,
    /// Row numbers are reused after deletions; ids are not.
    pub id: DeliveryId,
    /// The number of attempts before this one since the delivery was queued or replayed.
    pub step: usize,
    pub outcome: Outcome,
    /// When the next attempt is due; `None` if this was the last one in the schedule.
    pub retry_at: Option<Timestamp>,
}

/// A delivery before its attempt is recorded.
struct Before {
    endpoint: EndpointNo,
    endpoint_id: EndpointId,
    status: DeliveryStatus,
    attempts: u32,
    step: usize,
    next_attempt_at: Option<i64>,
    /// Whether the attempt was recorded before, by a change whose outcome was unknown.
    has_attempt: bool,
}

/// What became of recorded attempts.
#[derive(Debug, Default)]
pub struct Recorded {
    /// The endpoints that were disabled.
    pub disabled: Vec<Endpoint>,
    /// The number of deliveries that arrived.
    pub delivered: u64,
    /// The number of deliveries that failed after their last attempt.
    pub failed: u64,
}

impl Tx<'_> {
    /// Records attempts of deliveries of one workspace. Disables endpoints after `disable_after` failed deliveries in a row.
    pub fn record_attempts(
        &self,
        finished: &[Finished],
        disable_after: u32,
    ) -> Result<Recorded, StoreError> {
        let mut recorded = Recorded::default();
        for one in finished {
            // Removed while it was being sent, with its endpoint.
            let Some(before) = self.delivery_before(one)? else { continue };
            if before.has_attempt {
                continue;
            }
            self.insert_attempt(one, before.attempts + 1)?;
            let endpoint = before.endpoint_id.clone();
            let settled = self.settle(one, before, disable_after, &mut recorded)?;
            if let Some(reason) = settled {
                recorded.disabled.extend(self.disable_endpoint(
                    Actor::system(),
                    &endpoint,
                    reason,
                )?);
            }
        }
        Ok(recorded)
    }

    fn delivery_before(&self, finished: &Finished) -> Result<Option<Before>, StoreError> {
        let sql = "SELECT d.endpoint_no, e.id, d.status, d.attempts, d.step, d.next_attempt_at,
                       EXISTS (SELECT 1 FROM webhook_attempts AS a
                               WHERE a.delivery_no = d.no AND a.number = d.attempts
                                   AND a.started_at = ?3)
                   FROM webhook_deliveries AS d JOIN webhook_endpoints AS e ON e.no = d.endpoint_no
                   WHERE d.no = ?1 AND d.id = ?2";
        let read = |row: &Row<'_>| {
            Ok(Before {
                endpoint: EndpointNo(row.get(0)?),
                endpoint_id: EndpointId::from_stored(row.get(1)?),
                status: crate::store::rows::row::enum_value(row, 2)?,
                attempts: row.get(3)?,
                step: row.get::<_, u32>(4)? as usize,
                next_attempt_at: row.get(5)?,
                has_attempt: row.get(6)?,
            })
        };
        let started_at = finished.outcome.started_at.as_micros();
        Ok(self
            .conn
            .prepare_cached(sql)?
            .query_row(params![finished.delivery.0, finished.id.as_str(), started_at], read)
            .optional()?)
    }

    fn insert_attempt(&self, finished: &Finished, number: u32) -> Result<(), StoreError> {
        let outcome = &finished.outcome;
        let sql = "INSERT INTO webhook_attempts (delivery_no, number, started_at, duration, url,
                       status, error, response) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        self.conn.prepare_cached(sql)?.execute(params![
            finished.delivery.0,
            number,
            outcome.started_at.as_micros(),
            i64::try_from(outcome.duration.as_micros()).unwrap_or(i64::MAX),
            outcome.url,
            outcome.status,
            outcome.error,
            outcome.response,
        ])?;
        Ok(())
    }

    /// Updates a delivery's status. Returns why its endpoint must be disabled, if so.
    fn settle(
        &self,
        finished: &Finished,
        before: Before,
        disable_after: u32,
        recorded: &mut Recorded,
    ) -> Result<Option<DisabledReason>, StoreError> {
        let outcome = &finished.outcome;
        let retry_at = finished.retry_at.map(Timestamp::as_micros);
        let was_replayed = before.step != finished.step;
        let (status, next) = if outcome.succeeded() {
            (DeliveryStatus::Delivered, None)
        } else if before.status != DeliveryStatus::Pending || was_replayed {
            // Skipped while it was being sent because its endpoint was disabled, and perhaps
            // replayed since then: the replay gets all of its attempts.
            (before.status, before.next_attempt_at)
        } else if let Some(at) = retry_at.filter(|_| !outcome.is_gone()) {
            (DeliveryStatus::Pending, Some(at))
        } else {
            (DeliveryStatus::Failed, None)
        };
        let sql = "UPDATE webhook_deliveries
                   SET status = ?1, next_attempt_at = ?2, attempts = attempts + 1, step = step + ?3
                   WHERE no = ?4";
        self.conn.prepare_cached(sql)?.execute(params![
            <&str>::from(status),
            next,
            !was_replayed,
            finished.delivery.0,
        ])?;
        if outcome.succeeded() {
            recorded.delivered += 1;
            let sql = "UPDATE webhook_endpoints SET failures = 0 WHERE no = ?1 AND failures > 0";
            self.conn.prepare_cached(sql)?.execute([before.endpoint.0])?;
            return Ok(None);
        }
        if status != DeliveryStatus::Failed || before.status != DeliveryStatus::Pending {
            return Ok(None);
        }
        recorded.failed += 1;
        let sql = "UPDATE webhook_endpoints SET failures = failures + 1 WHERE no = ?1
                   RETURNING failures";
        let failures: u32 =
            self.conn.prepare_cached(sql)?.query_row([before.endpoint.0], |row| row.get(0))?;
        Ok(if outcome.is_gone() {
            Some(DisabledReason::Gone)
        } else if failures >= disable_after {
            Some(DisabledReason::Failures)
        } else {
            None
        })
    }
}
