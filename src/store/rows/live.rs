//! Lookups of resources, always within one workspace. They leave out deleted rows, unless the
//! function's name says otherwise.

use super::document::Document;
use super::resource::{Listed, Resource};
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{self, Conn, OptionalExtension, Row, ToValue, params};
use crate::store::error::StoreError;

/// Finds a live resource by ID or display ID.
pub(in crate::store) fn find<R: Resource>(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    id_ref: &Ref<R>,
) -> Result<Document<R>, StoreError> {
    let (column, value) = key_column(id_ref);
    let sql = format!(
        "SELECT {} FROM {} WHERE workspace_no = ?1 AND {column} = ?2 AND deleted_at IS NULL",
        Document::<R>::COLUMNS,
        R::TABLE,
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let row = statement.query_row(params![workspace.0, value], Document::from_row).optional()?;
    row.ok_or(StoreError::NotFound(R::TYPE))
}

/// Finds the ID of a live resource by its ID or display ID.
pub(in crate::store) fn find_id<R: Resource>(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    id_ref: &Ref<R>,
) -> Result<Id<R>, StoreError> {
    let found = find_including_deleted(conn, workspace, id_ref)?;
    if found.deleted_at.is_some() { Err(StoreError::NotFound(R::TYPE)) } else { Ok(found.id) }
}

/// The IDs of a resource that may have been deleted.
pub(in crate::store) struct ResourceIds<R> {
    pub id: Id<R>,
    pub display_id: DisplayId,
    pub deleted_at: Option<Timestamp>,
}

/// Finds the IDs of a resource, deleted or not, by its ID or display ID.
pub(in crate::store) fn find_including_deleted<R: Resource>(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    id_ref: &Ref<R>,
) -> Result<ResourceIds<R>, StoreError> {
    let (column, value) = key_column(id_ref);
    let sql = format!(
        "SELECT id, display_id, deleted_at FROM {}
         WHERE workspace_no = ?1 AND {column} = ?2",
        R::TABLE,
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| {
        Ok(ResourceIds {
            id: Id::from_stored(row.get(0)?),
            display_id: DisplayId(row.get(1)?),
            deleted_at: row.get::<_, Option<_>>(2)?.map(Timestamp::from_micros),
        })
    };
    let row = statement.query_row(params![workspace.0, value], read).optional()?;
    row.ok_or(StoreError::NotFound(R::TYPE))
}

/// Returns the IDs of the resources of a customer, deleted or not.
pub(in crate::store) fn ids_including_deleted<R: Resource>(
    conn: Conn<'_>,
    customer: &str,
) -> Result<Vec<String>, StoreError> {
    // Each half has an index.
    let select =
        |condition| format!("SELECT id FROM {} WHERE customer_id = ?1 AND {condition}", R::TABLE);
    let sql = format!("{} UNION ALL {}", select(R::LISTED_WHERE), select(R::UNLISTED_WHERE));
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([customer], |row| row.get(0))?;
    Ok(rows.collect::<engine::Result<_>>()?)
}

fn key_column<R>(id_ref: &Ref<R>) -> (&'static str, &dyn ToValue) {
    match id_ref {
        Ref::Id(id) => ("id", id),
        Ref::DisplayId(number) => ("display_id", &number.0),
    }
}
