//! The schema and its version. `store/upgrade` rebuilds databases from older versions with this
//! schema.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::identity;
use crate::store::error::OpenError;

const SCHEMA: &str = include_str!("../../../../schema.sql");

/// The version of `schema.sql`.
pub(in crate::store) const VERSION: i64 = 9;

/// Marks the file as a database of this program (`PRAGMA application_id`): the letters `Pvtl`.
pub(in crate::store) const APPLICATION_ID: i64 = 0x5076_746c;

/// Creates the schema in an empty database, in one transaction.
pub(in crate::store) fn create(conn: &mut Connection) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(SCHEMA)?;
    identity::ensure(&tx)?;
    mark(&tx)?;
    tx.commit()
}

/// Marks the file as a database of the current version.
pub(in crate::store) fn mark(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    conn.pragma_update(None, "user_version", VERSION)
}

pub(in crate::store) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Fails if the database at `path` must be upgraded first.
///
/// # Errors
/// [`OpenError::Older`]
pub(in crate::store) fn refuse_older(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let found = version(conn).map_err(|source| OpenError::sqlite(path, source))?;
    if found < VERSION {
        return Err(OpenError::Older { path: path.to_owned(), found, known: VERSION });
    }
    Ok(())
}

/// A `CREATE` statement of the schema.
#[derive(Debug)]
pub(in crate::store) struct Definition {
    /// The name of what it creates.
    pub name: String,
    /// The table that it creates, or that its index or trigger belongs to.
    pub table: String,
    pub sql: String,
}

impl Definition {
    pub fn is_table(&self) -> bool {
        self.name == self.table
    }
}

/// Returns the statements of the schema, as SQLite splits and stores them.
pub(in crate::store) fn definitions() -> rusqlite::Result<Vec<Definition>> {
    let conn = Connection::open_in_memory()?;
    conn.execute_batch(SCHEMA)?;
    let sql = "SELECT name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid";
    let mut statement = conn.prepare(sql)?;
    let definitions = statement.query_map([], |row| {
        Ok(Definition { name: row.get(0)?, table: row.get(1)?, sql: row.get(2)? })
    })?;
    definitions.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_objects(conn: &Connection) -> Vec<String> {
        let sql = "SELECT type || name || coalesce(sql, '') FROM sqlite_schema ORDER BY 1";
        let mut statement = conn.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn running_the_definitions_tables_first_creates_the_same_schema() {
        let mut whole = Connection::open_in_memory().unwrap();
        create(&mut whole).unwrap();
        let parts = Connection::open_in_memory().unwrap();
        let (tables, others): (Vec<_>, Vec<_>) =
            definitions().unwrap().into_iter().partition(Definition::is_table);
        assert!(tables.len() > 10 && others.len() > 20);
        for definition in tables.iter().chain(&others) {
            parts.execute_batch(&definition.sql).unwrap();
        }
        assert_eq!(schema_objects(&parts), schema_objects(&whole));
    }

    #[test]
    fn no_large_table_has_an_implicit_index_that_would_slow_down_an_upgrade() {
        let sql = "SELECT tbl_name FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex_%'";
        let mut conn = Connection::open_in_memory().unwrap();
        create(&mut conn).unwrap();
        let mut statement = conn.prepare(sql).unwrap();
        let tables: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for table in ["customers", "contacts", "onboardings", "events"] {
            assert!(!tables.iter().any(|implied| implied == table), "{table}");
        }
    }
}
