//! Connections and statements of both engines, with one set of methods. The use cases know nothing
//! else of an engine.

use rusqlite::{CachedStatement, Connection, params_from_iter};

#[cfg(feature = "postgres")]
use super::dialect::by_creation_for_postgres;
use super::dialect::by_creation_for_sqlite;
use super::error::{Error, OptionalExtension, Result};
#[cfg(feature = "postgres")]
use super::postgres::connection::PgConnection;
#[cfg(feature = "postgres")]
use super::postgres::connection::ahead::Request;
#[cfg(feature = "postgres")]
use super::postgres::connection::cursor::Cursor;
#[cfg(feature = "postgres")]
use super::postgres::connection::rows::PgRows;
use super::row::Row;
use super::value::Params;

/// A connection, borrowed from its pool or its writer.
#[derive(Clone, Copy, Debug)]
pub enum Conn<'c> {
    Sqlite(&'c Connection),
    #[cfg(feature = "postgres")]
    Postgres(&'c PgConnection),
}

impl<'c> From<&'c Connection> for Conn<'c> {
    fn from(connection: &'c Connection) -> Self {
        Self::Sqlite(connection)
    }
}

#[cfg(feature = "postgres")]
impl<'c> From<&'c PgConnection> for Conn<'c> {
    fn from(connection: &'c PgConnection) -> Self {
        Self::Postgres(connection)
    }
}

impl<'c> Conn<'c> {
    /// Prepares a statement, or takes it from the connection's cache.
    pub fn prepare_cached(self, sql: &str) -> Result<Statement<'c>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                Ok(Statement::Postgres(connection, connection.prepare(sql)?))
            }
        }
    }

    /// Prepares a query with a result that may be too large for memory.
    pub fn prepare_batched(self, sql: &str) -> Result<Statement<'c>> {
        match self {
            // SQLite finds each row when it is read.
            Self::Sqlite(_) => self.prepare_cached(sql),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                Ok(Statement::PostgresBatched(connection, sql.to_owned()))
            }
        }
    }

    /// Returns the query for columns of a table by creation time. `rows` is what follows `FROM`, with
    /// the alias `r` for the table.
    pub fn by_creation(self, columns: &str, table: &str, rows: &str) -> String {
        match self {
            Self::Sqlite(_) => by_creation_for_sqlite(columns, table, rows),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => by_creation_for_postgres(columns, rows),
        }
    }

    /// Returns the connection for what only SQLite does.
    ///
    /// # Errors
    /// [`Error::NotSqlite`] with any other engine.
    pub fn sqlite(self) -> Result<&'c Connection> {
        match self {
            Self::Sqlite(connection) => Ok(connection),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Err(Error::NotSqlite),
        }
    }

    /// Begins a read transaction. What it sees is fixed by its first statement at the latest.
    pub fn begin_read(self) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.execute("BEGIN DEFERRED", ()).map(drop),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => Ok(connection.begin_read()?),
        }
    }

    /// Begins a read transaction that ends when the guard is dropped.
    pub fn read_transaction(self) -> Result<ReadTransaction<'c>> {
        self.begin_read()?;
        Ok(ReadTransaction(self))
    }

    /// Ends a read transaction.
    pub fn end_read(self) -> Result<()> {
        match self {
            Self::Sqlite(_) => self.execute("COMMIT", ()).map(drop),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => Ok(connection.end("COMMIT")?),
        }
    }

    /// Runs a query that finds at most one row, and then something else. PostgreSQL gets the query
    /// together with the first statement of the latter, in one round trip.
    pub fn query_ahead<T, U>(
        self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
        then: impl FnOnce() -> U,
    ) -> Result<(Option<T>, U)> {
        match self {
            Self::Sqlite(_) => {
                let found = self.query_row(sql, params, read).optional()?;
                Ok((found, then()))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                let statement = connection.prepare(sql)?;
                let ahead = params.bind(|values| Request::query(statement, values));
                let sent = connection.send_ahead(ahead);
                let result = then();
                let found = sent.finish()?;
                let found = found.first().map(|row| read(&Row::Postgres(row))).transpose()?;
                Ok((found, result))
            }
        }
    }

    /// Updates the statistics of PostgreSQL's planner. SQLite's plans don't depend on the sizes of
    /// tables.
    #[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite ignores it"))]
    pub fn analyze(self, tables: &[&str]) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => self.execute_batch(&format!("ANALYZE {}", tables.join(", "))),
        }
    }

    /// Runs several statements, separated by semicolons.
    pub fn execute_batch(self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => Ok(connection.batch_execute(sql)?),
        }
    }

    /// Runs a statement and returns how many rows it changed.
    pub fn execute(self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }

    /// Runs a query and reads its first row.
    pub fn query_row<T>(
        self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare_cached(sql)?.query_row(params, read)
    }
}

/// Ends a read transaction when it is dropped.
pub struct ReadTransaction<'c>(Conn<'c>);

impl Drop for ReadTransaction<'_> {
    fn drop(&mut self) {
        // If this fails, the pool discards the connection because its transaction is still open.
        let _ = self.0.end_read();
    }
}

/// A prepared statement.
pub enum Statement<'c> {
    Sqlite(CachedStatement<'c>),
    #[cfg(feature = "postgres")]
    Postgres(&'c PgConnection, tokio_postgres::Statement),
    /// A query whose rows arrive in batches.
    #[cfg(feature = "postgres")]
    PostgresBatched(&'c PgConnection, String),
}

impl Statement<'_> {
    /// Returns how many rows the statement changed.
    pub fn execute(&mut self, params: impl Params) -> Result<usize> {
        match self {
            Self::Sqlite(statement) => {
                Ok(params.bind(|values| statement.execute(params_from_iter(values)))?)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection, statement) => {
                let changed = params.bind(|values| connection.execute(statement, values))?;
                Ok(usize::try_from(changed).unwrap_or(usize::MAX))
            }
            // A query changes nothing.
            #[cfg(feature = "postgres")]
            Self::PostgresBatched(..) => self.query(params).map(|_| 0),
        }
    }

    /// Returns the rows one by one. PostgreSQL has sent all of them by then, unless the query was
    /// prepared for batches.
    pub fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        match self {
            Self::Sqlite(statement) => {
                Ok(Rows::Sqlite(params.bind(|values| statement.query(params_from_iter(values)))?))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection, statement) => {
                let rows = params.bind(|values| connection.query(statement, values))?;
                Ok(Rows::Postgres(rows.into()))
            }
            #[cfg(feature = "postgres")]
            Self::PostgresBatched(connection, sql) => {
                let cursor = params.bind(|values| Cursor::open(connection, sql, values))?;
                Ok(Rows::Postgres(cursor.into()))
            }
        }
    }

    /// Reads each row.
    pub fn query_map<T, F: FnMut(&Row<'_>) -> Result<T>>(
        &mut self,
        params: impl Params,
        read: F,
    ) -> Result<MappedRows<'_, F>> {
        Ok(MappedRows { rows: self.query(params)?, read })
    }

    /// Reads the first row.
    ///
    /// # Errors
    /// [`Error::NoRow`] if there is none.
    pub fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut rows = self.query(params)?;
        let row = rows.next()?.ok_or(Error::NoRow)?;
        read(&row)
    }

    /// Returns whether there is any row.
    pub fn exists(&mut self, params: impl Params) -> Result<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }
}

/// The rows of a result that have not been read yet.
pub enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
    #[cfg(feature = "postgres")]
    Postgres(PgRows<'s>),
}

impl Rows<'_> {
    /// Goes to the next row.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "a row borrows from the rows")]
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
            #[cfg(feature = "postgres")]
            Self::Postgres(rows) => Ok(rows.next()?.map(Row::Postgres)),
        }
    }
}

/// An iterator over what was read from each row.
pub struct MappedRows<'s, F> {
    rows: Rows<'s>,
    read: F,
}

impl<T, F: FnMut(&Row<'_>) -> Result<T>> Iterator for MappedRows<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        match self.rows.next() {
            Ok(row) => row.map(|row| (self.read)(&row)),
            Err(error) => Some(Err(error)),
        }
    }
}
