//! Removes everything but the first workspace and its first keys, to reset a demo.

use crate::model::key::KeyId;
use crate::model::values::slug::Slug;
use crate::model::workspace::Workspace;
use crate::store::engine::{ToValue, Value, params};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::tx::Tx;

impl Tx<'_> {
    /// Removes all workspaces but one, with its data, its webhook endpoints, and all keys but some,
    /// which are active and unused again. The admin password stays. Call [`Tx::remove_discarded`]
    /// afterwards.
    ///
    /// Returns `None` if there is no such workspace; then nothing is removed.
    pub fn keep_first_keys_only(
        &self,
        slug: &Slug,
        keys: &[KeyId],
    ) -> Result<Option<Workspace>, StoreError> {
        let Some(workspace) = self.workspace(slug)? else { return Ok(None) };
        for other in (Reader { conn: self.conn }).workspaces()? {
            if other.no != workspace.no {
                self.discard_number(other.no)?;
            }
        }
        // They are removed in the background, like all deleted endpoints, and must belong to a
        // number that isn't removed before them.
        let sql = "UPDATE webhook_endpoints
                   SET deleted_at = coalesce(deleted_at, ?1), workspace_no = ?2";
        self.conn.prepare_cached(sql)?.execute(params![self.now.as_micros(), workspace.no.0])?;
        let sql = format!("DELETE FROM api_keys WHERE true{}", " AND id <> ?".repeat(keys.len()));
        let keys: Vec<Value<'_>> = keys.iter().map(ToValue::to_value).collect();
        self.conn.prepare_cached(&sql)?.execute(keys)?;
        let sql = "UPDATE api_keys SET last_used_at = NULL, last_used_ip = NULL,
                       request_count = 0, revoked_at = NULL";
        self.conn.prepare_cached(sql)?.execute(())?;
        self.move_to_new_number(&workspace)?;
        self.workspace(slug)
    }
}
