//! Lists what was purged.

use crate::model::purge::PurgeEntry;
use crate::model::values::time::Timestamp;
use crate::store::engine::{self, Row};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::rows::row::enum_value;

impl Reader<'_> {
    /// Returns the records and workspaces that were purged, oldest first. Purges of old events name
    /// nothing.
    pub fn purges(&self) -> Result<Vec<PurgeEntry>, StoreError> {
        let sql = "SELECT p.resource, p.resource_id, w.slug, p.purged_at, p.actor_type, p.actor_id,
                       p.erased_at
                   FROM purges AS p
                   LEFT JOIN workspaces AS w ON w.no = p.workspace_no AND w.slug NOT LIKE '#%'
                   WHERE p.resource <> 'events' ORDER BY p.no";
        let mut statement = self.conn.prepare_cached(sql)?;
        let read = |row: &Row<'_>| {
            Ok(PurgeEntry {
                resource: row.get(0)?,
                id: row.get(1)?,
                workspace: row.get(2)?,
                purged_at: Timestamp::from_micros(row.get(3)?),
                actor: enum_value(row, 4)?,
                actor_id: row.get(5)?,
                erased_at: row.get::<_, Option<_>>(6)?.map(Timestamp::from_micros),
            })
        };
        Ok(statement.query_map((), read)?.collect::<engine::Result<_>>()?)
    }
}
