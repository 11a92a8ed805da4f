//! The tables of a database, as `schema.sql` defines them. PostgreSQL has the same, and others that
//! are only for its servers and its schema.

use rusqlite::Connection;

use crate::store::engine::sqlite::schema;

/// Tables that a new database has rows in, without any data of a user.
#[cfg(feature = "postgres")]
pub(super) const OF_NEW_DATABASES: [&str; 3] = ["database", "webhook_settings", "health"];

pub(super) struct Table {
    pub name: String,
    pub columns: Vec<String>,
    /// A column that refers to another row of the same table, and the column that it refers to.
    self_reference: Option<(String, String)>,
}

/// Returns all tables, each after those that it refers to.
pub(super) fn tables() -> rusqlite::Result<Vec<Table>> {
    let mut conn = Connection::open_in_memory()?;
    schema::create(&mut conn)?;
    let definitions = schema::definitions()?.into_iter();
    let names = definitions.filter(schema::Definition::is_table).map(|table| table.name);
    names.map(|name| Table::read(&conn, name)).collect()
}

impl Table {
    fn read(conn: &Connection, name: String) -> rusqlite::Result<Self> {
        let mut statement = conn.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
        let columns = statement.query_map([&name], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let sql = "SELECT \"from\", \"to\" FROM pragma_foreign_key_list(?1) WHERE \"table\" = ?1";
        let mut statement = conn.prepare(sql)?;
        let mut references = statement.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let self_reference = references.next().transpose()?;
        Ok(Self { name, columns, self_reference })
    }

    /// Returns the query for all rows, each after the one that it refers to.
    pub fn select(&self) -> String {
        let table = &self.name;
        let columns: Vec<String> =
            self.columns.iter().map(|column| format!("t.\"{column}\"")).collect();
        let columns = columns.join(", ");
        let Some((from, to)) = &self.self_reference else {
            return format!("SELECT {columns} FROM {table} AS t");
        };
        format!(
            "WITH RECURSIVE ordered (reference, depth) AS (
                 SELECT {to}, 0 FROM {table} WHERE {from} IS NULL
                 UNION ALL
                 SELECT t.{to}, o.depth + 1
                 FROM {table} AS t JOIN ordered AS o ON t.{from} = o.reference
             )
             SELECT {columns} FROM ordered AS o JOIN {table} AS t ON t.{to} = o.reference
             ORDER BY o.depth"
        )
    }

    /// Returns the statement that inserts this many rows.
    pub fn insert(&self, rows: usize) -> String {
        let columns: Vec<String> =
            self.columns.iter().map(|column| format!("\"{column}\"")).collect();
        let row = format!("({})", vec!["?"; columns.len()].join(", "));
        let (columns, rows) = (columns.join(", "), vec![row; rows].join(", "));
        format!("INSERT INTO {} ({columns}) VALUES {rows}", self.name)
    }

    pub fn count(&self) -> String {
        format!("SELECT count(*) FROM {}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_table_comes_after_those_that_it_refers_to() {
        let tables = tables().unwrap();
        assert!(tables.len() > 10);
        let mut conn = Connection::open_in_memory().unwrap();
        schema::create(&mut conn).unwrap();
        let mut references = 0;
        for (at, table) in tables.iter().enumerate() {
            let sql = "SELECT \"table\" FROM pragma_foreign_key_list(?1) WHERE \"table\" <> ?1";
            let mut statement = conn.prepare(sql).unwrap();
            let parents = statement.query_map([&table.name], |row| row.get::<_, String>(0));
            for parent in parents.unwrap().map(Result::unwrap) {
                assert!(tables[..at].iter().any(|table| table.name == parent), "{parent}");
                references += 1;
            }
        }
        assert!(references > 10);
        let to_itself = tables.iter().filter(|table| table.self_reference.is_some());
        assert_eq!(to_itself.map(|table| &*table.name).collect::<Vec<_>>(), ["api_keys"]);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn postgresql_has_the_same_tables_with_the_same_columns_and_some_of_its_own() {
        use crate::store::engine::postgres::test_database::TestDatabase;
        let Some(database) = TestDatabase::create() else { return };
        database.create_schema();
        let mut client = database.connect();
        let sql = "SELECT CAST(table_name AS text), CAST(column_name AS text)
                   FROM information_schema.columns WHERE table_schema = current_schema()
                   ORDER BY table_name, ordinal_position";
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in client.query(sql, &[]).unwrap() {
            found.entry(row.get(0)).or_default().push(row.get(1));
        }
        for table in tables().unwrap() {
            assert_eq!(found.remove(&table.name), Some(table.columns), "{}", table.name);
        }
        // What a server does right now, and the version, which belong to the database.
        assert_eq!(
            found.into_keys().collect::<Vec<_>>(),
            ["leases", "pivotal_schema", "shared_counts"]
        );
    }
}
