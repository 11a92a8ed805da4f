//! What the store knows of a table, of the rows that lists show, and of a resource: the traits that
//! the modules of the resources implement.

use rusqlite::types::{Null, ToSqlOutput};
use rusqlite::{Row, ToSql};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::customer::CustomerId;
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::time::Timestamp;

/// A table of rows that belong to a workspace.
pub trait Table {
    /// Its name, or a join that begins with it.
    const TABLE: &'static str;
    /// What holds for the rows that lists show, word for word as in the partial indexes.
    const LISTED_WHERE: &'static str = "deleted_at IS NULL";
}

/// Rows that lists show, and how they become values.
pub(in crate::store) trait Listed: Table + Sized {
    /// The columns that `from_row` reads by their positions.
    const COLUMNS: &'static str;
    /// More columns, which it reads by their names, each with a comma before it.
    const EXTRA_COLUMNS: &'static str = "";

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self>;
    fn created_at(&self) -> Timestamp;
}

/// A resource: a document with columns beside it.
pub trait Resource: Table + Serialize + DeserializeOwned {
    /// What it is called when it is not found.
    const TYPE: ResourceType;
    /// The version of its document's shape. Raise it when the document gets a property.
    const SHAPE: i64;

    /// Its id.
    fn id(&self) -> &Id<Self>;
    /// Its number within its workspace and type.
    fn display_id(&self) -> DisplayId;
    /// The customer whose timeline shows its events.
    fn customer_id(&self) -> &CustomerId;
    /// When it was created, and when it was changed last.
    fn times(&self) -> (Timestamp, Timestamp);
    /// Replaces both.
    fn set_times(&mut self, created_at: Timestamp, updated_at: Timestamp);
    /// The columns that never change, besides those that every resource has.
    fn fixed_columns(&self) -> Columns<'_> {
        Columns::new()
    }
    /// The columns that are searched, ordered, unique or checked.
    fn columns(&self) -> Columns<'_>;
}

/// The columns of a row by their names.
pub type Columns<'r> = Vec<(&'static str, ToSqlOutput<'r>)>;

/// An optional text or number as a column's value.
pub(in crate::store) fn nullable<'v, T: Into<ToSqlOutput<'v>>>(
    value: Option<T>,
) -> ToSqlOutput<'v> {
    value.map_or_else(|| ToSqlOutput::from(Null), Into::into)
}

impl<R> ToSql for Id<R> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}
