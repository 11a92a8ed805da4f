//! Queues deliveries again, with the same id, event, and body.

use super::endpoints;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::DeliveryStatus;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::store::engine::{self, params};
use crate::store::error::StoreError;
use crate::store::rows::row::enum_value;
use crate::store::tx::Tx;

/// Which of an endpoint's deliveries to replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayScope {
    FailedAndSkipped,
    Failed,
    /// Successful ones too.
    All,
}

/// A replay's progress: the last delivery that was examined.
pub type ReplayPosition = (Timestamp, i64);

/// The number of deliveries to examine per transaction.
const BATCH: u32 = 1000;

impl Tx<'_> {
    /// Replays a delivery. Does nothing if it is already pending. Returns whether the delivery
    /// exists.
    ///
    /// # Errors
    /// [`StoreError::EndpointDisabled`].
    pub fn replay_delivery(&self, id: &DeliveryId) -> Result<bool, StoreError> {
        let sql = "SELECT d.no, e.disabled_at IS NULL FROM webhook_deliveries AS d
                       JOIN webhook_endpoints AS e ON e.no = d.endpoint_no
                   WHERE d.id = ?1 AND e.deleted_at IS NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([id.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let (no, enabled): (i64, bool) = (row.get(0)?, row.get(1)?);
        if !enabled {
            return Err(StoreError::EndpointDisabled);
        }
        self.requeue(no)?;
        Ok(true)
    }

    /// Replays a batch of an endpoint's deliveries of events created at or after `since`, oldest
    /// first, starting after `position`. Returns how many were queued and the position to continue
    /// from, which is `None` at the end.
    ///
    /// # Errors
    /// [`StoreError::EndpointDisabled`], [`StoreError::NotFound`].
    pub fn replay_endpoint(
        &self,
        id: &EndpointId,
        scope: ReplayScope,
        since: Timestamp,
        position: Option<ReplayPosition>,
    ) -> Result<(usize, Option<ReplayPosition>), StoreError> {
        let found = endpoints::find(self.conn, id)?
            .ok_or(StoreError::NotFound(crate::model::resource::ResourceType::WebhookEndpoint))?;
        if !found.endpoint.is_enabled() {
            return Err(StoreError::EndpointDisabled);
        }
        let statuses = match scope {
            ReplayScope::FailedAndSkipped | ReplayScope::Failed => {
                " AND status IN ('failed', 'skipped')"
            }
            ReplayScope::All => "",
        };
        // Examines at most one batch, however few of its deliveries match.
        let is_wanted = |status: DeliveryStatus| match scope {
            ReplayScope::FailedAndSkipped => true,
            ReplayScope::Failed => status == DeliveryStatus::Failed,
            ReplayScope::All => status != DeliveryStatus::Pending,
        };
        let (after, row) =
            position.map_or((since.as_micros(), i64::MIN), |(time, row)| (time.as_micros(), row));
        let sql = format!(
            "SELECT no, created_at, status FROM webhook_deliveries
             WHERE endpoint_no = ?1{statuses} AND (created_at, no) > (?2, ?3)
             ORDER BY created_at, no LIMIT ?4"
        );
        let batch = self
            .conn
            .prepare_cached(&sql)?
            .query_map(params![found.no.0, after, row, BATCH], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, enum_value(row, 2)?))
            })?
            .collect::<engine::Result<Vec<_>>>()?;
        let mut queued = 0;
        for &(no, ..) in batch.iter().filter(|&&(.., status)| is_wanted(status)) {
            self.requeue(no)?;
            queued += 1;
        }
        let is_full = batch.len() >= BATCH as usize;
        let next = batch.last().filter(|_| is_full);
        let next = next.map(|&(no, created_at, _)| (Timestamp::from_micros(created_at), no));
        Ok((queued, next))
    }

    fn requeue(&self, no: i64) -> Result<(), StoreError> {
        let sql = "UPDATE webhook_deliveries
                   SET status = 'pending', next_attempt_at = 0, step = 0, held = 0
                   WHERE no = ?1 AND (status <> 'pending' OR held = 1)";
        self.conn.prepare_cached(sql)?.execute([no])?;
        Ok(())
    }
}
