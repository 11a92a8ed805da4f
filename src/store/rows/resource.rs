//! The traits that the resource modules implement: for tables, for rows in lists, and for
//! resources.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::customer::CustomerId;
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::time::Timestamp;
use crate::store::engine::{self, Row, ToValue, Value};

/// A table whose rows belong to a workspace.
pub trait Table {
    /// The name of the table, or a join that starts with it.
    const TABLE: &'static str;
    /// The condition for rows to be listed. Must match the partial indexes exactly.
    const LISTED_WHERE: &'static str = "deleted_at IS NULL";
    /// The opposite. Must match the partial indexes exactly.
    const UNLISTED_WHERE: &'static str = "deleted_at IS NOT NULL";
}

/// A row type that can be listed.
pub trait Listed: Table + Sized {
    /// The columns that `from_row` reads by position.
    const COLUMNS: &'static str;
    /// Additional columns, each preceded by a comma, that `from_row` reads by name.
    const EXTRA_COLUMNS: &'static str = "";

    fn from_row(row: &Row<'_>) -> engine::Result<Self>;
    fn created_at(&self) -> Timestamp;
}

/// A resource, stored as a document with additional columns.
pub trait Resource: Table + Serialize + DeserializeOwned {
    const TYPE: ResourceType;
    /// The version of the document's shape. Increment it when the document gets a new field.
    const SHAPE: i64;

    fn id(&self) -> &Id<Self>;
    /// The number of the resource, counted per workspace and type.
    fn display_id(&self) -> DisplayId;
    /// The customer whose activity shows the resource's events.
    fn customer_id(&self) -> &CustomerId;
    /// The creation time and the time of the last update.
    fn times(&self) -> (Timestamp, Timestamp);
    fn set_times(&mut self, created_at: Timestamp, updated_at: Timestamp);
    /// The columns that never change, besides those that every resource has.
    fn fixed_columns(&self) -> Columns<'_> {
        Columns::new()
    }
    /// The columns that are searched, sorted by, unique, or checked.
    fn columns(&self) -> Columns<'_>;
}

/// Column names with their values.
pub type Columns<'r> = Vec<(&'static str, Value<'r>)>;

pub(in crate::store) fn nullable<'v, T: Into<Value<'v>>>(value: Option<T>) -> Value<'v> {
    value.map_or(Value::Null, Into::into)
}

impl<R> ToValue for Id<R> {
    fn to_value(&self) -> Value<'_> {
        self.as_str().into()
    }
}
