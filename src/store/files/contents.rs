//! What a database holds, in numbers. For `cli`, which tells a person what was copied.

use std::path::Path;

use rusqlite::Connection;

use crate::model::values::time::Timestamp;
use crate::store::error::OpenError;
use crate::store::files;

/// What a database holds, in numbers: enough to see that it is the one that was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Workspaces.
    pub workspaces: i64,
    /// Customers, the deleted ones left out, as with contacts and onboardings.
    pub customers: i64,
    /// Contacts.
    pub contacts: i64,
    /// Onboardings.
    pub onboardings: i64,
    /// API keys, the revoked ones among them.
    pub keys: i64,
    /// Changes that were recorded.
    pub events: i64,
    /// When the last of them was made.
    pub last_change: Option<Timestamp>,
}

impl Contents {
    /// Counts what the file at `path` holds, which nobody writes.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(in crate::store) fn count(path: &Path) -> Result<Self, OpenError> {
        let conn = files::open_backup(path)?;
        count_rows(&conn).map_err(|source| OpenError::sqlite(path, source))
    }
}

fn count_rows(conn: &Connection) -> rusqlite::Result<Contents> {
    let rows = |table: &str, condition: &str| {
        let sql = format!("SELECT count(*) FROM {table} {condition}");
        conn.query_row(&sql, [], |row| row.get(0))
    };
    let live = "WHERE deleted_at IS NULL";
    let last = "SELECT max(created_at) FROM events";
    let last: Option<i64> = conn.query_row(last, [], |row| row.get(0))?;
    Ok(Contents {
        workspaces: rows("workspaces", "")?,
        customers: rows("customers", live)?,
        contacts: rows("contacts", live)?,
        onboardings: rows("onboardings", live)?,
        keys: rows("api_keys", "")?,
        events: rows("events", "")?,
        last_change: last.map(Timestamp::from_micros),
    })
}
