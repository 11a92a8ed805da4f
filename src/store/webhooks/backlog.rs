//! How many deliveries wait, for metrics.

use super::super::reader::Reader;
use crate::model::values::time::Timestamp;
use crate::model::webhook::endpoint::DisabledReason;
use crate::store::engine::{self, Row};
use crate::store::error::StoreError;
use crate::store::rows::row::enum_value;

/// How many waiting deliveries are looked at: with more, the count stops there, so that reading it
/// always costs about the same.
const MAX_COUNTED: u32 = 10_000;

/// The deliveries that wait for an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// At most [`MAX_COUNTED`].
    pub deliveries: u64,
    /// When the oldest of them was queued.
    pub oldest: Option<Timestamp>,
}

impl Reader<'_> {
    pub fn webhook_backlog(&self) -> Result<Backlog, StoreError> {
        // The order is that of `webhook_deliveries_due`, so that SQLite walks this index.
        let sql = "SELECT count(*), min(created_at) FROM
                       (SELECT created_at FROM webhook_deliveries
                        WHERE status = 'pending' AND held = 0
                        ORDER BY endpoint_no, next_attempt_at LIMIT ?1) AS due";
        let read = |row: &Row<'_>| {
            let oldest: Option<i64> = row.get(1)?;
            Ok(Backlog {
                deliveries: row.get::<_, u32>(0)?.into(),
                oldest: oldest.map(Timestamp::from_micros),
            })
        };
        Ok(self.conn.prepare_cached(sql)?.query_row([MAX_COUNTED], read)?)
    }

    /// Returns the reason of each endpoint that is disabled. There are few endpoints.
    pub fn disabled_endpoints(&self) -> Result<Vec<DisabledReason>, StoreError> {
        let sql = "SELECT disabled_reason FROM webhook_endpoints
                   WHERE disabled_at IS NOT NULL AND deleted_at IS NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map((), |row| enum_value(row, "disabled_reason"))?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }
}
