//! Allocates display IDs and creation times. Both are unique per workspace and resource type.

use crate::model::values::id::DisplayId;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::Reader;
use crate::store::engine::{self, Conn, params};
use crate::store::error::StoreError;

/// Allocates the next display ID, and a creation time: `now`, or one microsecond after the last one
/// if that is later.
pub(in crate::store) fn allocate(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    resource: &str,
    now: Timestamp,
) -> engine::Result<(DisplayId, Timestamp)> {
    let sql = "INSERT INTO sequences (workspace_no, resource, display_id, created_at)
               VALUES (?1, ?2, 1, ?3)
               ON CONFLICT (workspace_no, resource) DO UPDATE SET
                   display_id = sequences.display_id + 1,
                   created_at = max(excluded.created_at, sequences.created_at + 1)
               RETURNING display_id, created_at";
    conn.prepare_cached(sql)?.query_row(params![workspace.0, resource, now.as_micros()], |row| {
        Ok((DisplayId(row.get(0)?), Timestamp::from_micros(row.get(1)?)))
    })
}

/// Allocates the next display ID for a row with its own creation time.
pub(in crate::store) fn allocate_number(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    resource: &str,
    created_at: Timestamp,
) -> engine::Result<DisplayId> {
    let sql = "INSERT INTO sequences (workspace_no, resource, display_id, created_at)
               VALUES (?1, ?2, 1, ?3)
               ON CONFLICT (workspace_no, resource) DO UPDATE SET
                   display_id = sequences.display_id + 1,
                   created_at = max(excluded.created_at, sequences.created_at)
               RETURNING display_id";
    conn.prepare_cached(sql)?
        .query_row(params![workspace.0, resource, created_at.as_micros()], |row| {
            Ok(DisplayId(row.get(0)?))
        })
}

/// Makes sure that later allocations are higher than these. Events have no display IDs.
pub(in crate::store) fn raise(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    resource: &str,
    display_id: Option<DisplayId>,
    created_at: Timestamp,
) -> engine::Result<()> {
    let sql = "INSERT INTO sequences (workspace_no, resource, display_id, created_at)
               VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (workspace_no, resource) DO UPDATE SET
                   display_id = max(excluded.display_id, sequences.display_id),
                   created_at = max(excluded.created_at, sequences.created_at)
               WHERE excluded.display_id > sequences.display_id
                   OR excluded.created_at > sequences.created_at";
    let number = display_id.map_or(1, |number| number.0);
    conn.prepare_cached(sql)?
        .execute(params![workspace.0, resource, number, created_at.as_micros()])
        .map(drop)
}

impl Reader<'_> {
    /// Returns the latest creation time allocated in any workspace. Every change records an event,
    /// so an `updated_at` can only be later by the milliseconds added for updates in quick
    /// succession.
    pub fn latest_created_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(created_at) FROM sequences";
        let latest: Option<i64> = self.conn.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
        Ok(latest.map(Timestamp::from_micros))
    }
}
