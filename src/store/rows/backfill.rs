//! Writes history with past timestamps, for the demo.

use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{OptionalExtension, params};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

impl<'c> Tx<'c> {
    /// Returns the same transaction at a different time.
    pub fn with_time(&self, now: Timestamp) -> Tx<'c> {
        Tx { conn: self.conn, now }
    }

    /// Writes the history of a workspace in which no customer was ever created; otherwise returns
    /// `None`. `make_changes` uses [`Tx::with_time`] for each of its changes, oldest first.
    /// Existing events are those of API keys: they keep their times, and may be newer than the
    /// history.
    pub fn backfill_history<T>(
        &self,
        workspace: WorkspaceNo,
        make_changes: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let sql = "SELECT 1 FROM sequences WHERE workspace_no = ?1 AND resource <> 'event'";
        if self.conn.prepare_cached(sql)?.exists([workspace.0])? {
            return Ok(None);
        }
        // Every event must be later than the one before it. Reset the sequence so that the history
        // can start earlier; afterward, the next event is again later than all others.
        let sql = "SELECT created_at FROM sequences WHERE workspace_no = ?1 AND resource = 'event'";
        let last: Option<i64> =
            self.conn.prepare_cached(sql)?.query_row([workspace.0], |row| row.get(0)).optional()?;
        let sql = "UPDATE sequences SET created_at = ?2
                   WHERE workspace_no = ?1 AND resource = 'event'";
        self.conn.execute(sql, params![workspace.0, i64::MIN])?;
        let result = make_changes()?;
        let sql = "UPDATE sequences SET created_at = max(created_at, ?2)
                   WHERE workspace_no = ?1 AND resource = 'event'";
        self.conn.execute(sql, params![workspace.0, last.unwrap_or(i64::MIN)])?;
        Ok(Some(result))
    }
}
