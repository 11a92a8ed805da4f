//! Telling what happened before now. For the demo, whose history nobody lived through.

use rusqlite::{OptionalExtension, params};

use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

impl<'c> Tx<'c> {
    /// The same transaction at another moment.
    pub fn with_time(&self, now: Timestamp) -> Tx<'c> {
        Tx { conn: self.conn, now }
    }

    /// Tells the past of a workspace in which no customer was ever created; nothing when there
    /// was one. `tell` makes its changes at moments of their own, oldest first. Events that stand
    /// there already are those of keys: they keep their times, and may be younger than what is
    /// told.
    ///
    /// # Errors
    /// What `tell` reports.
    pub fn backfill_history<T>(
        &self,
        workspace: WorkspaceNo,
        make_changes: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let sql = "SELECT 1 FROM sequences WHERE workspace_no = ?1 AND resource <> 'event'";
        if self.conn.prepare(sql)?.exists([workspace.0])? {
            return Ok(None);
        }
        // Every event is later than the one before it. Those of the past begin anew, and the next
        // one after them is again later than all.
        let sql = "SELECT created_at FROM sequences WHERE workspace_no = ?1 AND resource = 'event'";
        let last: Option<i64> =
            self.conn.prepare(sql)?.query_row([workspace.0], |row| row.get(0)).optional()?;
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
