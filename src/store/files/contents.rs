//! The contents of a database in numbers. For `cli`, which shows what was copied.

use std::path::Path;

use crate::model::values::time::Timestamp;
use crate::store::engine::{self, Conn};
use crate::store::error::OpenError;
use crate::store::files;
use crate::store::workspaces::IS_DISCARDED;

/// The contents of a database in numbers: enough to recognize it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    pub workspaces: i64,
    /// Customers, excluding deleted ones. The same applies to contacts and onboardings.
    pub customers: i64,
    pub contacts: i64,
    pub onboardings: i64,
    /// API keys, including revoked ones.
    pub keys: i64,
    pub events: i64,
    /// The time of the last event.
    pub last_change: Option<Timestamp>,
}

impl Contents {
    /// Counts the contents of a database file that nothing writes to.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(in crate::store) fn count(path: &Path) -> Result<Self, OpenError> {
        let conn = files::open_backup(path)?;
        Self::of((&conn).into()).map_err(|error| match error {
            engine::Error::Sqlite(source) => OpenError::sqlite(path, source),
            other => OpenError::Damaged { path: path.to_owned(), found: other.to_string() },
        })
    }

    /// Counts the contents of a database.
    pub(in crate::store) fn of(conn: Conn<'_>) -> engine::Result<Self> {
        let rows = |table: &str, condition: &str| {
            let sql = format!("SELECT count(*) FROM {table} {condition}");
            conn.query_row(&sql, (), |row| row.get(0))
        };
        let live = "WHERE deleted_at IS NULL";
        let last = "SELECT max(created_at) FROM events";
        let last: Option<i64> = conn.query_row(last, (), |row| row.get(0))?;
        Ok(Self {
            workspaces: rows("workspaces", &format!("AS w WHERE NOT {IS_DISCARDED}"))?,
            customers: rows("customers", live)?,
            contacts: rows("contacts", live)?,
            onboardings: rows("onboardings", live)?,
            keys: rows("api_keys", "")?,
            events: rows("events", "")?,
            last_change: last.map(Timestamp::from_micros),
        })
    }
}
