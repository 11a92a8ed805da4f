//! Removes expired data from the delivery log.

use super::numbers::EndpointNo;
use crate::model::event::Actor;
use crate::model::values::time::Timestamp;
use crate::model::webhook::id::EndpointId;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{self, Row, params};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// The number of deliveries to remove per transaction, so that requests get their turn in between.
const BATCH: u32 = 500;

impl Tx<'_> {
    /// Removes temporary endpoints of a workspace that were not renewed, skips the pending
    /// deliveries of disabled endpoints, and removes the deliveries of deleted endpoints and of
    /// events before `before`, except for pending ones. Returns whether there may be more to do.
    pub fn clean_up_deliveries(
        &self,
        workspace: WorkspaceNo,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        for id in self.expired_endpoints(workspace)? {
            self.delete_endpoint(Actor::system(), &id)?;
        }
        let sql = "SELECT no, deleted_at IS NOT NULL, disabled_at IS NOT NULL
                   FROM webhook_endpoints WHERE workspace_no = ?1";
        let read = |row: &Row<'_>| Ok((EndpointNo(row.get(0)?), row.get(1)?, row.get(2)?));
        let endpoints = self
            .conn
            .prepare_cached(sql)?
            .query_map([workspace.0], read)?
            .collect::<engine::Result<Vec<(EndpointNo, bool, bool)>>>()?;
        for (endpoint, is_deleted, is_disabled) in endpoints {
            if is_disabled && !is_deleted && self.skip_pending(endpoint)? > 0 {
                return Ok(true);
            }
            let old = if is_deleted {
                self.all_deliveries(endpoint)?
            } else {
                self.old_deliveries(endpoint, before)?
            };
            if !old.is_empty() {
                self.remove(&old)?;
                return Ok(true);
            }
            if is_deleted {
                let sql = "DELETE FROM webhook_endpoints WHERE no = ?1";
                self.conn.prepare_cached(sql)?.execute([endpoint.0])?;
            }
        }
        Ok(false)
    }

    fn expired_endpoints(&self, workspace: WorkspaceNo) -> Result<Vec<EndpointId>, StoreError> {
        let sql = "SELECT id FROM webhook_endpoints
                   WHERE workspace_no = ?1 AND expires_at <= ?2 AND deleted_at IS NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let values = [workspace.0, self.now.as_micros()];
        let rows = statement.query_map(values, |row| Ok(EndpointId::from_stored(row.get(0)?)))?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    fn all_deliveries(&self, endpoint: EndpointNo) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT no FROM webhook_deliveries WHERE endpoint_no = ?1 LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params![endpoint.0, BATCH], |row| row.get(0))?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    fn old_deliveries(
        &self,
        endpoint: EndpointNo,
        before: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT no FROM webhook_deliveries WHERE endpoint_no = ?1 AND created_at < ?2
                       AND (status <> 'pending' OR held = 1)
                   ORDER BY created_at LIMIT ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement
            .query_map(params![endpoint.0, before.as_micros(), BATCH], |row| row.get(0))?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    fn remove(&self, deliveries: &[i64]) -> Result<(), StoreError> {
        for no in deliveries {
            self.conn
                .prepare_cached("DELETE FROM webhook_attempts WHERE delivery_no = ?1")?
                .execute([no])?;
            self.conn
                .prepare_cached("DELETE FROM webhook_deliveries WHERE no = ?1")?
                .execute([no])?;
        }
        Ok(())
    }
}
