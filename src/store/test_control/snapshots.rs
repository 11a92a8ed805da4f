//! Resets workspaces, takes snapshots of their data, and restores them. Keys, webhook endpoints,
//! and the delivery log are not part of a snapshot.

use super::undo_log::{self, COPIED, COUNTED, LOGGED, key};
use crate::model::values::slug::Slug;
use crate::model::workspace::{SnapshotName, Workspace, WorkspaceNo};
use crate::store::engine::unchecked::Unchecked;
use crate::store::engine::{self, OptionalExtension, params};
use crate::store::error::StoreError;
use crate::store::tx::{Tx, WorkspaceTx};

/// How many snapshots a workspace can have.
pub const MAX_SNAPSHOTS: u32 = 32;

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateError {
    UnknownWorkspace,
    UnknownSnapshot,
    /// The workspace already has [`MAX_SNAPSHOTS`].
    TooManySnapshots,
    /// Snapshots are in temporary tables of SQLite's writer.
    NeedsSqlite,
    /// Another process, such as an import, has added or removed rows since the snapshot.
    ChangedElsewhere,
}

struct Snapshot {
    segment: i64,
    workspace_no: WorkspaceNo,
}

impl WorkspaceTx<'_> {
    /// Removes the snapshots of the workspace. Restoring one would bring back what is purged.
    pub(in crate::store) fn forget_snapshots(&self) -> Result<(), StoreError> {
        if !undo_log::exists(self.conn)? {
            return Ok(());
        }
        let sql = "SELECT segment FROM temp.snapshots WHERE workspace_id = ?1 ORDER BY segment";
        let segments: Vec<i64> = self
            .conn
            .prepare_cached(sql)?
            .query_map([&self.caller.workspace.id], |row| row.get(0))?
            .collect::<engine::Result<_>>()?;
        // The earliest first: there is no segment before it to keep its versions.
        segments.iter().try_for_each(|&segment| Ok(undo_log::remove(self.conn, segment)?))
    }
}

impl Tx<'_> {
    /// Removes all data of a workspace. It keeps its keys and webhook endpoints. Call
    /// [`Tx::remove_discarded`] afterwards.
    ///
    /// A request that was authenticated before the reset and writes after it, writes to the data
    /// that is discarded.
    pub fn reset_workspace(&self, slug: &Slug) -> Result<Result<(), StateError>, StoreError> {
        let Some(workspace) = self.workspace(slug)? else {
            return Ok(Err(StateError::UnknownWorkspace));
        };
        self.move_to_new_number(&workspace)?;
        Ok(Ok(()))
    }

    /// Keeps the current state of a workspace's data under a name, until the server stops. An
    /// earlier snapshot with this name is replaced.
    pub fn take_snapshot(
        &self,
        slug: &Slug,
        name: &SnapshotName,
    ) -> Result<Result<(), StateError>, StoreError> {
        let Some(workspace) = self.workspace(slug)? else {
            return Ok(Err(StateError::UnknownWorkspace));
        };
        if self.conn.sqlite().is_err() {
            return Ok(Err(StateError::NeedsSqlite));
        }
        undo_log::ensure(self.conn)?;
        if let Some(replaced) = self.find_snapshot(&workspace, name)? {
            undo_log::remove(self.conn, replaced.segment)?;
        }
        let sql = "SELECT count(*) FROM temp.snapshots WHERE workspace_id = ?1";
        let count: u32 =
            self.conn.prepare_cached(sql)?.query_row([&workspace.id], |row| row.get(0))?;
        if count >= MAX_SNAPSHOTS {
            return Ok(Err(StateError::TooManySnapshots));
        }
        let sql = "INSERT INTO temp.snapshots (workspace_id, workspace_no, name, last_purge)
                   SELECT ?1, ?2, ?3, ifnull(max(no), 0) FROM main.purges RETURNING segment";
        let segment: i64 = self
            .conn
            .prepare_cached(sql)?
            .query_row(params![workspace.id, workspace.no.0, name.as_str()], |row| row.get(0))?;
        for table in COUNTED {
            let sql = "INSERT INTO temp.row_counts (segment, name, rows) VALUES (?1, ?2, ?3)";
            let rows = self.count_rows(table, workspace.no)?;
            self.conn.prepare_cached(sql)?.execute(params![segment, table, rows])?;
        }
        for table in COPIED {
            let sql = format!(
                "INSERT INTO temp.copied_{table}
                 SELECT ?1, t.* FROM main.{table} AS t WHERE workspace_no = ?2"
            );
            self.conn.prepare_cached(&sql)?.execute([segment, workspace.no.0])?;
        }
        Ok(Ok(()))
    }

    /// Makes the data of a workspace what it was when the snapshot was taken. Removes the
    /// deliveries of events that this removes. Call [`Tx::remove_discarded`] afterwards.
    pub fn restore_snapshot(
        &self,
        slug: &Slug,
        name: &SnapshotName,
    ) -> Result<Result<(), StateError>, StoreError> {
        let Some(workspace) = self.workspace(slug)? else {
            return Ok(Err(StateError::UnknownWorkspace));
        };
        if !undo_log::exists(self.conn)? {
            return Ok(Err(StateError::UnknownSnapshot));
        }
        let Some(snapshot) = self.find_snapshot(&workspace, name)? else {
            return Ok(Err(StateError::UnknownSnapshot));
        };
        if self.was_purged_since(&snapshot)? {
            return Ok(Err(StateError::ChangedElsewhere));
        }
        self.find_changed_rows(&snapshot)?;
        for table in COUNTED {
            if !self.is_log_complete(&snapshot, table)? {
                return Ok(Err(StateError::ChangedElsewhere));
            }
        }
        if workspace.no != snapshot.workspace_no {
            self.move_to_number(&workspace, snapshot.workspace_no)?;
        }
        let _unchecked = Unchecked::events_of(self.conn, snapshot.workspace_no)?;
        let is_latest = self.is_latest(&snapshot)?;
        self.keep_events_of_keys_and_endpoints()?;
        self.remove_restored_deliveries()?;
        for table in LOGGED {
            self.restore_rows(&snapshot, table)?;
            // The versions since the latest snapshot are those that were just restored. For an
            // earlier one they are still needed to restore the snapshots after it.
            if is_latest {
                undo_log::clear(self.conn, table, snapshot.segment)?;
            }
        }
        for table in COPIED {
            self.restore_copy(&snapshot, table)?;
        }
        self.keep_event_times_increasing(snapshot.workspace_no)?;
        Ok(Ok(()))
    }

    fn find_snapshot(
        &self,
        workspace: &Workspace,
        name: &SnapshotName,
    ) -> Result<Option<Snapshot>, StoreError> {
        let sql = "SELECT segment, workspace_no FROM temp.snapshots
                   WHERE workspace_id = ?1 AND name = ?2";
        let found =
            self.conn.prepare_cached(sql)?.query_row(params![workspace.id, name.as_str()], |row| {
                Ok(Snapshot { segment: row.get(0)?, workspace_no: WorkspaceNo(row.get(1)?) })
            });
        Ok(found.optional()?)
    }

    /// Returns whether another process has purged a record since the snapshot, which would bring it
    /// back. Purges of this process forget the snapshots.
    fn was_purged_since(&self, snapshot: &Snapshot) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM temp.snapshots AS s CROSS JOIN main.purges AS p
                       ON p.no > s.last_purge
                   WHERE s.segment = ?1 AND p.workspace_no = s.workspace_no
                       AND p.resource <> 'events'";
        Ok(self.conn.prepare_cached(sql)?.exists([snapshot.segment])?)
    }

    fn is_latest(&self, snapshot: &Snapshot) -> Result<bool, StoreError> {
        let sql = "SELECT max(segment) = ?1 FROM temp.snapshots WHERE workspace_no = ?2";
        let values = [snapshot.segment, snapshot.workspace_no.0];
        Ok(self.conn.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
    }

    fn count_rows(&self, table: &str, workspace: WorkspaceNo) -> Result<i64, StoreError> {
        let sql = format!("SELECT count(*) FROM main.{table} WHERE workspace_no = ?1");
        Ok(self.conn.prepare_cached(&sql)?.query_row([workspace.0], |row| row.get(0))?)
    }

    /// Returns whether the log explains the number of rows. The triggers don't see the changes of
    /// other processes.
    fn is_log_complete(&self, snapshot: &Snapshot, table: &str) -> Result<bool, StoreError> {
        let unchanged = format!(
            "SELECT ?1 - count(*) FROM temp.restoring AS r
                 CROSS JOIN main.{table} AS t ON t.id = r.row_key
             WHERE r.name = '{table}'"
        );
        let now = self.count_rows(table, snapshot.workspace_no)?;
        let unchanged: i64 =
            self.conn.prepare_cached(&unchanged)?.query_row([now], |row| row.get(0))?;
        let sql = format!(
            "SELECT rows = ?3 + (SELECT count(*) FROM temp.restoring AS r
                                     CROSS JOIN temp.undo_{table} AS u
                                         ON u.segment = r.segment AND u.row_key = r.row_key
                                 WHERE r.name = '{table}' AND u.existed)
             FROM temp.row_counts WHERE segment = ?1 AND name = ?2"
        );
        Ok(self
            .conn
            .prepare_cached(&sql)?
            .query_row(params![snapshot.segment, table, unchanged], |row| row.get(0))?)
    }

    /// Fills `restoring` with the rows that have changed since the snapshot.
    fn find_changed_rows(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM temp.restoring")?.execute(())?;
        for table in LOGGED {
            let sql = format!(
                "INSERT INTO temp.restoring (name, row_key, segment)
                 SELECT '{table}', row_key, min(segment) FROM temp.undo_{table}
                 WHERE segment IN (SELECT segment FROM temp.snapshots
                                   WHERE workspace_no = ?1 AND segment >= ?2)
                 GROUP BY row_key"
            );
            let values = [snapshot.workspace_no.0, snapshot.segment];
            self.conn.prepare_cached(&sql)?.execute(values)?;
        }
        Ok(())
    }

    /// Rewrites the rows of a table that have changed since the snapshot.
    fn restore_rows(&self, snapshot: &Snapshot, table: &str) -> Result<(), StoreError> {
        let keys = format!("SELECT row_key FROM temp.restoring WHERE name = '{table}'");
        let sql = match table {
            "idempotency_keys" => format!(
                "DELETE FROM main.idempotency_keys AS t
                 WHERE workspace_no = ?1 AND {} IN ({keys})",
                key(table, "t")
            ),
            _ => format!(
                "DELETE FROM main.{table}
                 WHERE id IN ({keys}) AND +workspace_no = ?1"
            ),
        };
        self.conn.prepare_cached(&sql)?.execute([snapshot.workspace_no.0])?;
        let columns = undo_log::columns(self.conn, table)?.join(", ");
        let sql = format!(
            "INSERT INTO main.{table} ({columns})
             SELECT {columns} FROM temp.restoring AS r
                 CROSS JOIN temp.undo_{table} AS u
                     ON u.segment = r.segment AND u.row_key = r.row_key
             WHERE r.name = '{table}' AND u.existed"
        );
        self.conn.prepare_cached(&sql)?.execute(())?;
        Ok(())
    }

    /// Keys and endpoints stay as they are, so their events stay too.
    fn keep_events_of_keys_and_endpoints(&self) -> Result<(), StoreError> {
        let sql = "DELETE FROM temp.restoring WHERE name = 'events' AND row_key IN (
                       SELECT e.id FROM temp.restoring AS r
                           CROSS JOIN main.events AS e ON e.id = r.row_key
                       WHERE r.name = 'events' AND e.customer_id IS NULL)";
        self.conn.prepare_cached(sql)?.execute(())?;
        Ok(())
    }

    /// Removes the deliveries of the events that are about to be removed.
    fn remove_restored_deliveries(&self) -> Result<(), StoreError> {
        let deliveries = "SELECT no FROM webhook_deliveries
            WHERE event_id IN (SELECT row_key FROM temp.restoring WHERE name = 'events')";
        for (table, column) in [("webhook_attempts", "delivery_no"), ("webhook_deliveries", "no")] {
            let sql = format!("DELETE FROM {table} WHERE {column} IN ({deliveries})");
            self.conn.prepare_cached(&sql)?.execute(())?;
        }
        Ok(())
    }

    fn restore_copy(&self, snapshot: &Snapshot, table: &str) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM main.{table} WHERE workspace_no = ?1");
        self.conn.prepare_cached(&sql)?.execute([snapshot.workspace_no.0])?;
        let columns = undo_log::columns(self.conn, table)?.join(", ");
        let sql = format!(
            "INSERT INTO main.{table} ({columns})
             SELECT {columns} FROM temp.copied_{table} WHERE segment = ?1"
        );
        self.conn.prepare_cached(&sql)?.execute([snapshot.segment])?;
        Ok(())
    }

    /// The next event must be later than those of keys and endpoints, which have remained.
    fn keep_event_times_increasing(&self, workspace: WorkspaceNo) -> Result<(), StoreError> {
        let sql = "INSERT INTO main.sequences (workspace_no, resource, display_id, created_at)
                   SELECT ?1, 'event', 1, created_at FROM main.events WHERE workspace_no = ?1
                   ORDER BY created_at DESC LIMIT 1
                   ON CONFLICT (workspace_no, resource)
                       DO UPDATE SET created_at = max(created_at, excluded.created_at)";
        self.conn.prepare_cached(sql)?.execute([workspace.0])?;
        Ok(())
    }
}
