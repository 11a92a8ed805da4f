//! Moves a workspace to another number. All rows refer to their workspace by its number, so this
//! replaces all of its data at once. Its keys and webhook endpoints move with it.

use crate::model::values::id::Id;
use crate::model::workspace::{Workspace, WorkspaceId, WorkspaceNo};
use crate::store::engine::params;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::workspaces::NEXT_NO;

impl Tx<'_> {
    /// Moves a workspace to a number without any rows.
    pub(super) fn move_to_new_number(&self, workspace: &Workspace) -> Result<(), StoreError> {
        self.discard_number(workspace.no)?;
        let sql = format!(
            "INSERT INTO workspaces (no, id, slug, name, created_at, currency)
             SELECT {NEXT_NO}, ?1, ?2, ?3, ?4, currency FROM workspaces WHERE no = ?5
             RETURNING no"
        );
        let no = self.conn.prepare_cached(&sql)?.query_row(
            params![
                workspace.id,
                workspace.slug.as_str(),
                workspace.name.as_str(),
                workspace.created_at.as_micros(),
                workspace.no.0,
            ],
            |row| row.get(0),
        )?;
        self.move_keys_and_endpoints(workspace.no, WorkspaceNo(no))
    }

    /// Moves a workspace back to a number that it had before.
    pub(super) fn move_to_number(
        &self,
        workspace: &Workspace,
        to: WorkspaceNo,
    ) -> Result<(), StoreError> {
        self.discard_number(workspace.no)?;
        let sql = "UPDATE workspaces SET id = ?1, slug = ?2, name = ?3, created_at = ?4,
                       currency = (SELECT currency FROM workspaces WHERE no = ?6)
                   WHERE no = ?5";
        self.conn.prepare_cached(sql)?.execute(params![
            workspace.id,
            workspace.slug.as_str(),
            workspace.name.as_str(),
            workspace.created_at.as_micros(),
            to.0,
            workspace.no.0,
        ])?;
        self.move_keys_and_endpoints(workspace.no, to)
    }

    /// Takes the ID and the slug from a number. The new slug is not a valid one, so nobody can look
    /// it up.
    pub(in crate::store) fn discard_number(&self, no: WorkspaceNo) -> Result<(), StoreError> {
        let sql = "UPDATE workspaces SET id = ?1, slug = '#' || no WHERE no = ?2";
        let id: WorkspaceId = Id::generate();
        self.conn.prepare_cached(sql)?.execute(params![id, no.0])?;
        Ok(())
    }

    fn move_keys_and_endpoints(
        &self,
        from: WorkspaceNo,
        to: WorkspaceNo,
    ) -> Result<(), StoreError> {
        for table in ["api_keys", "webhook_endpoints"] {
            let sql = format!("UPDATE {table} SET workspace_no = ?1 WHERE workspace_no = ?2");
            self.conn.prepare_cached(&sql)?.execute([to.0, from.0])?;
        }
        self.replace_endpoints(to)
    }
}
