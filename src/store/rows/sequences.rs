//! Allocates display IDs and creation times. Both are unique per workspace and resource type.

use rusqlite::{Connection, params};

use crate::model::values::id::DisplayId;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::Reader;
use crate::store::error::StoreError;

/// Allocates the next display ID, and a creation time: `now`, or one microsecond after the last one
/// if that is later.
pub(in crate::store) fn allocate(
    conn: &Connection,
    workspace: WorkspaceNo,
    resource: &str,
    now: Timestamp,
) -> rusqlite::Result<(DisplayId, Timestamp)> {
    let sql = "INSERT INTO sequences (workspace_no, resource, display_id, created_at)
               VALUES (?1, ?2, 1, ?3)
               ON CONFLICT (workspace_no, resource) DO UPDATE SET
                   display_id = display_id + 1,
                   created_at = max(excluded.created_at, created_at + 1)
               RETURNING display_id, created_at";
    conn.prepare_cached(sql)?.query_row(params![workspace.0, resource, now.as_micros()], |row| {
        Ok((DisplayId(row.get(0)?), Timestamp::from_micros(row.get(1)?)))
    })
}

impl Reader<'_> {
    /// Returns the latest creation time allocated in any workspace. Every change records an event,
    /// so an `updated_at` can only be later by the milliseconds added for updates in quick
    /// succession.
    pub fn latest_created_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(created_at) FROM sequences";
        let latest: Option<i64> = self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(latest.map(Timestamp::from_micros))
    }
}
