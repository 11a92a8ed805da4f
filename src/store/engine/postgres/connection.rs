//! A connection to PostgreSQL with its prepared statements.

use std::cell::RefCell;
use std::collections::HashMap;

use postgres::types::ToSql;
use postgres::{Client, Row, Statement};

use crate::store::engine::dialect::for_postgres;
use crate::store::engine::value::Value;

/// The number of prepared statements that a connection caches. There are fewer than this, apart
/// from those whose lists of values differ in length.
const STATEMENT_CACHE: usize = 512;

/// A connection. Its client needs exclusive access, but a use case holds a statement while it runs
/// another; neither holds it while the other waits for the server.
pub struct PgConnection {
    client: RefCell<Client>,
    statements: RefCell<HashMap<String, Statement>>,
}

impl PgConnection {
    pub fn new(client: Client) -> Self {
        Self { client: RefCell::new(client), statements: RefCell::default() }
    }

    /// Prepares a statement in SQLite's spelling, or takes it from the cache.
    pub fn prepare(&self, sql: &str) -> Result<Statement, postgres::Error> {
        if let Some(known) = self.statements.borrow().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.borrow_mut().prepare(&for_postgres(sql))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENT_CACHE {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub fn query(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, postgres::Error> {
        self.client.borrow_mut().query(statement, &parameters(values))
    }

    /// Returns how many rows the statement changed.
    pub fn execute(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<u64, postgres::Error> {
        self.client.borrow_mut().execute(statement, &parameters(values))
    }

    /// Runs statements in PostgreSQL's spelling, separated by semicolons, in one round trip.
    pub fn batch_execute(&self, sql: &str) -> Result<(), postgres::Error> {
        self.client.borrow_mut().batch_execute(sql)
    }

    pub fn is_closed(&self) -> bool {
        self.client.borrow().is_closed()
    }
}

impl std::fmt::Debug for PgConnection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PgConnection").finish_non_exhaustive()
    }
}

fn parameters<'v>(values: &'v [Value<'_>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}
