//! Empties the delivery log of a workspace, for the test control.

use crate::model::webhook::id::EndpointId;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{self, params};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// The columns that a replacement takes over.
const KEPT: &str = "workspace_no, url, description, mode, types, fields, secret, secret_key,
    old_secret, old_secret_key, old_secret_expires_at, disabled_at, disabled_reason, failures,
    created_at, updated_at, expires_at";

impl Tx<'_> {
    /// Replaces each endpoint that has deliveries by one with the same ID that has none. The old
    /// row is deleted with its deliveries, like the row of any deleted endpoint, in the background.
    pub(in crate::store) fn replace_endpoints(
        &self,
        workspace: WorkspaceNo,
    ) -> Result<(), StoreError> {
        let sql = "SELECT no, id FROM webhook_endpoints AS e
                   WHERE workspace_no = ?1 AND deleted_at IS NULL
                       AND EXISTS (SELECT 1 FROM webhook_deliveries WHERE endpoint_no = e.no)
                   ORDER BY no";
        let mut statement = self.conn.prepare_cached(sql)?;
        let endpoints = statement
            .query_map([workspace.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<engine::Result<Vec<(i64, String)>>>()?;
        for (no, id) in endpoints {
            let sql = "UPDATE webhook_endpoints SET id = ?1, deleted_at = ?2 WHERE no = ?3";
            let discarded = EndpointId::generate();
            self.conn.prepare_cached(sql)?.execute(params![
                discarded.as_str(),
                self.now.as_micros(),
                no
            ])?;
            let sql = format!(
                "INSERT INTO webhook_endpoints (id, {KEPT})
                 SELECT ?1, {KEPT} FROM webhook_endpoints WHERE no = ?2"
            );
            self.conn.prepare_cached(&sql)?.execute(params![id, no])?;
        }
        Ok(())
    }
}
