//! The schema of a database and its version. `store/upgrade` rebuilds a file of an older version
//! with this schema.

use rusqlite::{Connection, TransactionBehavior};

use super::identity;

const SCHEMA: &str = include_str!("../../../schema.sql");

/// The version of `schema.sql`.
pub(in crate::store) const VERSION: i64 = 6;

/// Marks a file as ours (`PRAGMA application_id`): the letters `Pvtl`.
pub(in crate::store) const APPLICATION_ID: i64 = 0x5076_746c;

/// Makes the schema in an empty database, in one transaction.
pub(in crate::store) fn create(conn: &mut Connection) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(SCHEMA)?;
    identity::ensure(&tx)?;
    mark(&tx)?;
    tx.commit()
}

/// Marks a file as a database of this version.
pub(in crate::store) fn mark(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    conn.pragma_update(None, "user_version", VERSION)
}

/// The version that the file has.
pub(in crate::store) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// A statement of the schema.
#[derive(Debug)]
pub(in crate::store) struct Definition {
    /// What it creates.
    pub name: String,
    /// The table that is created, or that the index or trigger belongs to.
    pub table: String,
    /// The text.
    pub sql: String,
}

impl Definition {
    /// Whether it creates a table.
    pub fn is_table(&self) -> bool {
        self.name == self.table
    }
}

/// The statements of the schema, as SQLite splits and keeps them.
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
    fn the_definitions_make_the_same_schema_with_the_tables_first() {
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
    fn the_large_tables_have_no_index_that_an_upgrade_would_have_to_keep_while_it_copies() {
        let sql = "SELECT tbl_name FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex_%'";
        let mut conn = Connection::open_in_memory().unwrap();
        create(&mut conn).unwrap();
        let mut statement = conn.prepare(sql).unwrap();
        let implied: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for table in ["customers", "contacts", "onboardings", "events"] {
            assert!(!implied.iter().any(|implied| implied == table), "{table}");
        }
    }
}
