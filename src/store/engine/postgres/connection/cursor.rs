//! Reads a large result in batches, so that it is never in memory as a whole.

use tokio_postgres::{Row, Statement};

use super::PgConnection;
use crate::store::engine::error::{Error, Result};
use crate::store::engine::value::Value;

/// Rows can have texts of many kilobytes.
const BATCH: usize = 200;

/// The rows of a query that have not been read yet. Outside of a transaction, they have one of their
/// own.
pub struct Cursor<'c> {
    connection: &'c PgConnection,
    /// Unique among the open cursors of the connection.
    number: u32,
    owns_transaction: bool,
    batch: std::vec::IntoIter<Row>,
    /// `None` once the last batch has arrived.
    fetch: Option<Statement>,
}

impl<'c> Cursor<'c> {
    /// Runs a query in SQLite's spelling.
    pub fn open(connection: &'c PgConnection, sql: &str, values: &[Value<'_>]) -> Result<Self> {
        let owns_transaction = !connection.is_in_transaction();
        if owns_transaction {
            connection.begin_read()?;
        }
        let number = connection.take_cursor_number();
        let batch = Vec::new().into_iter();
        let mut cursor = Self { connection, number, owns_transaction, batch, fetch: None };
        let name = cursor.name();
        let declare = connection.prepare(&format!("DECLARE {name} NO SCROLL CURSOR FOR {sql}"))?;
        connection.execute(&declare, values)?;
        let fetch = format!("FETCH {BATCH} FROM {name}");
        cursor.fetch = Some(connection.prepare_uncached(&fetch)?);
        Ok(cursor)
    }

    fn name(&self) -> String {
        format!("rows_{}", self.number)
    }

    /// Returns the next row.
    pub fn next(&mut self) -> Result<Option<Row>> {
        if let Some(row) = self.batch.next() {
            return Ok(Some(row));
        }
        let Some(fetch) = &self.fetch else { return Ok(None) };
        // Each batch is a statement, so the server's limit for statements is not one for the query.
        if self.connection.is_over_limit() {
            return Err(Error::Interrupted);
        }
        let rows = self.connection.query(fetch, &[])?;
        if rows.len() < BATCH {
            self.fetch = None;
        }
        self.batch = rows.into_iter();
        Ok(self.batch.next())
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        self.connection.return_cursor_number(self.number);
        // If this fails, the transaction has failed, or its end makes the pool discard the
        // connection.
        let _ = if self.owns_transaction {
            self.connection.end("COMMIT")
        } else {
            self.connection.batch_execute(&format!("CLOSE {}", self.name()))
        };
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    use crate::store::engine::postgres::connect::session::Session;
    use crate::store::engine::postgres::test_database::TestDatabase;
    use crate::store::engine::read_limit::ReadLimit;
    use crate::store::engine::{Conn, Error, Result, params};

    const NUMBERS: &str =
        "SELECT CAST(n AS BIGINT) FROM generate_series(CAST(?1 AS BIGINT), ?2) AS n";

    fn numbers(conn: Conn<'_>, from: i64, to: i64) -> Result<Vec<i64>> {
        let mut statement = conn.prepare_batched(NUMBERS)?;
        let rows = statement.query_map(params![from, to], |row| row.get(0))?;
        rows.collect()
    }

    #[test]
    fn a_large_result_arrives_in_batches_inside_and_outside_of_a_transaction() {
        let Some(database) = TestDatabase::create() else { return };
        let connection = database.connect_as_server(Session::unlimited());
        let conn = Conn::from(&connection);
        for to in [0, 1, 199, 200, 201, 1000] {
            assert_eq!(numbers(conn, 1, to).unwrap(), (1..=to).collect::<Vec<_>>());
            assert!(!connection.is_in_transaction());
        }
        let _transaction = conn.read_transaction().unwrap();
        let mut outer = conn.prepare_batched(NUMBERS).unwrap();
        let mut rows = outer.query(params![1, 500]).unwrap();
        let mut read = 0;
        while let Some(row) = rows.next().unwrap() {
            read += 1;
            assert_eq!(row.get::<_, i64>(0).unwrap(), read);
            if read % 100 == 0 {
                assert_eq!(numbers(conn, 7, 300).unwrap().len(), 294);
            }
        }
        assert_eq!(read, 500);
        assert!(connection.is_in_transaction());
    }

    #[test]
    fn a_read_that_reaches_its_limit_ends_before_the_next_batch() {
        let Some(database) = TestDatabase::create() else { return };
        let connection = database.connect_as_server(Session::unlimited());
        let (limit, waiting) = ReadLimit::new(Duration::from_secs(3600));
        let limited = connection.limit(limit);
        let mut statement = Conn::from(&connection).prepare_batched(NUMBERS).unwrap();
        let mut rows = statement.query(params![1, 1000]).unwrap();
        assert!(rows.next().unwrap().is_some());
        drop(waiting);
        let error = loop {
            match rows.next() {
                Ok(row) => assert!(row.is_some()),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Interrupted), "{error}");
        drop(rows);
        drop(limited);
        assert_eq!(numbers(Conn::from(&connection), 1, 3).unwrap(), [1, 2, 3]);
    }

    #[test]
    fn a_read_that_panics_leaves_no_limit_on_its_connection() {
        let Some(database) = TestDatabase::create() else { return };
        let connection = database.connect_as_server(Session::unlimited());
        let (limit, _waiting) = ReadLimit::new(Duration::ZERO);
        let read = || {
            let _limited = connection.limit(limit);
            assert!(!connection.is_over_limit(), "on purpose");
        };
        assert!(catch_unwind(AssertUnwindSafe(read)).is_err());
        assert!(!connection.is_over_limit());
    }
}
