//! Finds what is already in the workspace. Unlike the lookups in `rows/live.rs`, these also return
//! deleted rows, and say if an ID belongs to another workspace.

use crate::model::customer::{Customer, CustomerId};
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{self, Conn, OptionalExtension, Row, ToValue, params};
use crate::store::error::StoreError;
use crate::store::rows::document::{Document, Stored};
use crate::store::rows::resource::{Listed, Resource, Table};

/// A resource in the database.
pub(super) struct Existing<R> {
    pub stored: Stored<R>,
    pub workspace: WorkspaceNo,
    pub deleted_at: Option<Timestamp>,
}

impl<R: Resource> Existing<R> {
    fn columns() -> String {
        format!("{}, workspace_no, deleted_at", Document::<R>::COLUMNS)
    }

    fn from_row(row: &Row<'_>) -> engine::Result<(Document<R>, i64, Option<i64>)> {
        Ok((Document::from_row(row)?, row.get("workspace_no")?, row.get("deleted_at")?))
    }

    fn new(
        (document, workspace, deleted_at): (Document<R>, i64, Option<i64>),
    ) -> Result<Self, StoreError> {
        Ok(Self {
            stored: document.into_stored()?,
            workspace: WorkspaceNo(workspace),
            deleted_at: deleted_at.map(Timestamp::from_micros),
        })
    }

    /// Finds a resource in any workspace.
    pub fn by_id(conn: Conn<'_>, id: &Id<R>) -> Result<Option<Self>, StoreError> {
        let sql = format!("SELECT {} FROM {} WHERE id = ?1", Self::columns(), R::TABLE);
        let mut statement = conn.prepare_cached(&sql)?;
        statement.query_row([id], Self::from_row).optional()?.map(Self::new).transpose()
    }

    /// Finds the live resources of a workspace that fulfill a condition on `?2`, and on `?3` if it
    /// has two values, oldest first.
    pub fn live(
        conn: Conn<'_>,
        workspace: WorkspaceNo,
        condition: &str,
        values: &[&dyn ToValue],
    ) -> Result<Vec<Self>, StoreError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE workspace_no = ?1 AND {condition} AND deleted_at IS NULL
             ORDER BY created_at",
            Self::columns(),
            R::TABLE
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut all = vec![workspace.0.into()];
        all.extend(values.iter().map(|value| value.to_value()));
        let rows = statement.query_map(all, Self::from_row)?;
        rows.map(|row| Self::new(row?)).collect()
    }
}

/// Returns the ID of the resource that has a display ID, deleted or not.
pub(super) fn with_number<R: Resource>(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    number: DisplayId,
) -> Result<Option<Id<R>>, StoreError> {
    let sql = format!("SELECT id FROM {} WHERE workspace_no = ?1 AND display_id = ?2", R::TABLE);
    let mut statement = conn.prepare_cached(&sql)?;
    let id = statement.query_row(params![workspace.0, number.0], |row| row.get(0)).optional()?;
    Ok(id.map(Id::from_stored))
}

/// Returns the IDs of the live resources that fulfill a condition on `?1`, and on `?2` if it has
/// two values.
pub(super) fn ids<R: Table>(
    conn: Conn<'_>,
    condition: &str,
    values: &[&dyn ToValue],
) -> Result<Vec<Id<R>>, StoreError> {
    let sql = format!("SELECT id FROM {} WHERE {condition} AND deleted_at IS NULL", R::TABLE);
    let mut statement = conn.prepare_cached(&sql)?;
    let values: Vec<_> = values.iter().map(|value| value.to_value()).collect();
    let rows = statement.query_map(values, |row| Ok(Id::from_stored(row.get(0)?)))?;
    Ok(rows.collect::<engine::Result<_>>()?)
}

/// A customer that rows can belong to.
pub(super) struct Owner {
    pub id: CustomerId,
    pub deleted_at: Option<Timestamp>,
}

/// Finds a customer of the workspace by either of its IDs, deleted or not.
pub(super) fn owner(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    id_ref: &Ref<Customer>,
) -> Result<Option<Owner>, StoreError> {
    let (column, value): (_, &dyn ToValue) = match id_ref {
        Ref::Id(id) => ("id", id),
        Ref::DisplayId(number) => ("display_id", &number.0),
    };
    let sql = format!(
        "SELECT id, deleted_at FROM {} WHERE workspace_no = ?1 AND {column} = ?2",
        Customer::TABLE
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| {
        Ok(Owner {
            id: Id::from_stored(row.get(0)?),
            deleted_at: row.get::<_, Option<i64>>(1)?.map(Timestamp::from_micros),
        })
    };
    Ok(statement.query_row(params![workspace.0, value], read).optional()?)
}
