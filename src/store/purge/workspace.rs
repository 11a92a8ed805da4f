//! Deletes workspaces: at once for everyone who uses them, and their rows in batches.

use super::permit::{Permit, Purge};
use crate::model::event::Actor;
use crate::model::purge::WorkspaceCounts;
use crate::model::workspace::{WorkspaceId, WorkspaceNo};
use crate::store::engine::unchecked::Unchecked;
use crate::store::engine::{OptionalExtension, params};
use crate::store::error::StoreError;
use crate::store::reader::{Reader, WorkspaceReader};
use crate::store::tx::Tx;
use crate::store::write_scope::WriteScope;

/// How many rows of a table a transaction deletes.
const BATCH: u32 = 200;

/// The tables with rows of a workspace, before those that they refer to, with their keys.
pub(in crate::store) const LARGE_TABLES: [(&str, &str); 5] = [
    ("events", "id"),
    ("idempotency_keys", "workspace_no, endpoint, key"),
    ("contacts", "id"),
    ("onboardings", "id"),
    ("customers", "id"),
];
const SMALL_TABLES: [&str; 4] = ["webhook_endpoints", "api_keys", "slug_runs", "sequences"];

/// A deleted workspace whose rows are being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletingWorkspace {
    workspace: WorkspaceNo,
    /// The row of `purges`.
    purge: i64,
}

impl DeletingWorkspace {
    /// What deleting its rows touches.
    pub(super) fn scope(&self) -> WriteScope {
        WriteScope::Workspace(self.workspace)
    }
}

/// Why a workspace was not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteError {
    NotFound,
    /// A server needs one.
    OnlyOne,
}

impl WorkspaceReader<'_> {
    /// Counts what deleting the workspace would erase.
    pub fn workspace_counts(&self) -> Result<WorkspaceCounts, StoreError> {
        let count = |table: &str, condition: &str| -> Result<u64, StoreError> {
            let sql = format!("SELECT count(*) FROM {table} WHERE {condition}");
            let count: i64 =
                self.conn.prepare_cached(&sql)?.query_row([self.workspace.0], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        let of_workspace = |table| count(table, "workspace_no = ?1");
        Ok(WorkspaceCounts {
            customers: of_workspace("customers")?,
            contacts: of_workspace("contacts")?,
            onboardings: of_workspace("onboardings")?,
            events: of_workspace("events")?,
            keys: of_workspace("api_keys")?,
            webhooks: count("webhook_endpoints", "workspace_no = ?1 AND deleted_at IS NULL")?,
            deliveries: count("webhook_deliveries", OF_ENDPOINTS)?,
            saved_responses: of_workspace("idempotency_keys")?,
        })
    }
}

const OF_ENDPOINTS: &str =
    "endpoint_no IN (SELECT no FROM webhook_endpoints WHERE workspace_no = ?1)";

impl Tx<'_> {
    /// Deletes a workspace: its slug is free, its keys are gone, and nothing more is sent to its
    /// webhook endpoints. Call [`Tx::delete_workspace_rows`] afterwards.
    pub fn delete_workspace(
        &self,
        actor: &Actor,
        id: &WorkspaceId,
    ) -> Result<Result<DeletingWorkspace, DeleteError>, StoreError> {
        // Test control may have given it another number since it was read.
        let all = Reader { conn: self.conn }.workspaces()?;
        let Some(workspace) = all.iter().find(|workspace| workspace.id == *id) else {
            return Ok(Err(DeleteError::NotFound));
        };
        if all.len() == 1 {
            return Ok(Err(DeleteError::OnlyOne));
        }
        let purge = Purge::Named("workspace", workspace.id.as_str());
        let permit = Permit::for_new(self.conn, workspace.no, &purge, actor, self.now)?;
        let purge = permit.no();
        permit.give_back()?;
        let sql = "UPDATE webhook_endpoints SET deleted_at = ?1
                   WHERE workspace_no = ?2 AND deleted_at IS NULL";
        self.conn.prepare_cached(sql)?.execute(params![self.now.as_micros(), workspace.no.0])?;
        // Keys refer to those that they replace.
        let sql = "UPDATE api_keys SET replaces = NULL WHERE workspace_no = ?1";
        self.conn.prepare_cached(sql)?.execute([workspace.no.0])?;
        let sql = "DELETE FROM api_keys WHERE workspace_no = ?1";
        self.conn.prepare_cached(sql)?.execute([workspace.no.0])?;
        self.discard_number(workspace.no)?;
        let sql = "UPDATE workspaces SET name = '#' WHERE no = ?1";
        self.conn.prepare_cached(sql)?.execute([workspace.no.0])?;
        Ok(Ok(DeletingWorkspace { workspace: workspace.no, purge }))
    }

    /// Deletes some of the rows of a deleted workspace, and returns whether there may be more.
    pub fn delete_workspace_rows(&self, deleting: DeletingWorkspace) -> Result<bool, StoreError> {
        let permit = Permit::for_unfinished(self.conn, deleting.purge)?;
        let more = {
            let _unchecked = Unchecked::references(self.conn)?;
            self.delete_batch(deleting.workspace)?
        };
        permit.give_back()?;
        if !more {
            // With foreign keys: a request that was authenticated before may have added a row.
            let sql = "DELETE FROM workspaces WHERE no = ?1";
            self.conn.prepare_cached(sql)?.execute([deleting.workspace.0])?;
        }
        Ok(more)
    }

    fn delete_batch(&self, workspace: WorkspaceNo) -> Result<bool, StoreError> {
        let deliveries = format!("SELECT no FROM webhook_deliveries WHERE {OF_ENDPOINTS} LIMIT ?2");
        let attempts = format!("DELETE FROM webhook_attempts WHERE delivery_no IN ({deliveries})");
        self.conn.prepare_cached(&attempts)?.execute(params![workspace.0, BATCH])?;
        let deliveries = format!("DELETE FROM webhook_deliveries WHERE no IN ({deliveries})");
        if self.conn.prepare_cached(&deliveries)?.execute(params![workspace.0, BATCH])? > 0 {
            return Ok(true);
        }
        for (table, key) in LARGE_TABLES {
            let sql = format!(
                "DELETE FROM {table} WHERE ({key}) IN (
                     SELECT {key} FROM {table} WHERE workspace_no = ?1 LIMIT ?2)"
            );
            if self.conn.prepare_cached(&sql)?.execute(params![workspace.0, BATCH])? > 0 {
                return Ok(true);
            }
        }
        for table in SMALL_TABLES {
            let sql = format!("DELETE FROM {table} WHERE workspace_no = ?1");
            self.conn.prepare_cached(&sql)?.execute([workspace.0])?;
        }
        Ok(false)
    }
}

impl Reader<'_> {
    /// Returns a deleted workspace whose rows are not gone, because the process that deleted it was
    /// killed.
    pub fn unfinished_workspace(&self) -> Result<Option<DeletingWorkspace>, StoreError> {
        let sql = "SELECT p.workspace_no, p.no FROM purges AS p
                   JOIN workspaces AS w ON w.no = p.workspace_no
                   WHERE p.erased_at IS NULL AND p.resource = 'workspace' LIMIT 1";
        let found = self.conn.prepare_cached(sql)?.query_row((), |row| {
            Ok(DeletingWorkspace { workspace: WorkspaceNo(row.get(0)?), purge: row.get(1)? })
        });
        Ok(found.optional()?)
    }
}
