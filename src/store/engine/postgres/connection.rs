//! A connection to PostgreSQL with its prepared statements.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use postgres::error::Severity;
use postgres::types::ToSql;
use postgres::{Client, Row, SimpleQueryMessage, Statement};

use super::commit::notices::Notices;
use crate::store::engine::dialect::for_postgres;
use crate::store::engine::read_limit::ReadLimit;
use crate::store::engine::value::Value;

/// The number of prepared statements that a connection caches. There are fewer than this, apart
/// from those whose lists of values differ in length.
const STATEMENT_CACHE: usize = 512;

/// A connection. Its client needs exclusive access, but a use case holds a statement while it runs
/// another; neither holds it while the other waits for the server.
pub struct PgConnection {
    client: RefCell<Client>,
    statements: RefCell<HashMap<String, Statement>>,
    notices: Notices,
    in_transaction: Cell<bool>,
    /// Whether deliveries or endpoints may have been changed.
    has_changed_outbox: Cell<bool>,
    /// The client itself doesn't notice all of its errors.
    is_broken: Cell<bool>,
    /// A bit for the number of each open cursor.
    cursors: Cell<u64>,
    /// When the current read must end.
    limit: RefCell<Option<ReadLimit>>,
}

impl PgConnection {
    pub fn new(client: Client) -> Self {
        Self::with_notices(client, Notices::default())
    }

    /// The notices are those that the client's configuration fills.
    pub(super) fn with_notices(client: Client, notices: Notices) -> Self {
        Self {
            client: RefCell::new(client),
            statements: RefCell::default(),
            notices,
            in_transaction: Cell::new(false),
            has_changed_outbox: Cell::new(false),
            is_broken: Cell::new(false),
            cursors: Cell::new(0),
            limit: RefCell::default(),
        }
    }

    pub(super) fn notices(&self) -> &Notices {
        &self.notices
    }

    /// Prepares a statement in SQLite's spelling, or takes it from the cache.
    pub fn prepare(&self, sql: &str) -> Result<Statement, postgres::Error> {
        if changes_outbox(sql) {
            self.has_changed_outbox.set(true);
        }
        if let Some(known) = self.statements.borrow().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.with_client(|client| client.prepare(&for_postgres(sql)))?;
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
        self.with_client(|client| client.query(statement, &parameters(values)))
    }

    /// Returns how many rows the statement changed.
    pub fn execute(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<u64, postgres::Error> {
        self.with_client(|client| client.execute(statement, &parameters(values)))
    }

    /// Runs statements in PostgreSQL's spelling, separated by semicolons, in one round trip. Not for
    /// those that begin or end a transaction.
    pub fn batch_execute(&self, sql: &str) -> Result<(), postgres::Error> {
        self.with_client(|client| client.batch_execute(sql))
    }

    /// Runs statements that begin a transaction.
    pub fn begin(&self, sql: &str) -> Result<(), postgres::Error> {
        // Even if this fails: it is unknown how far it got.
        self.in_transaction.set(true);
        self.batch_execute(sql)
    }

    /// Begins a transaction in which all statements see the same moment.
    pub fn begin_read(&self) -> Result<(), postgres::Error> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    /// Runs statements that end a transaction. If that fails, the transaction is taken for open.
    pub fn end(&self, sql: &str) -> Result<(), postgres::Error> {
        self.batch_execute(sql)?;
        self.in_transaction.set(false);
        Ok(())
    }

    pub fn is_in_transaction(&self) -> bool {
        self.in_transaction.get()
    }

    /// Returns a number that no open cursor has.
    pub(super) fn take_cursor_number(&self) -> u32 {
        let open = self.cursors.get();
        let number = open.trailing_ones();
        self.cursors.set(open | 1_u64.unbounded_shl(number));
        number
    }

    pub(super) fn return_cursor_number(&self, number: u32) {
        self.cursors.set(self.cursors.get() & !1_u64.unbounded_shl(number));
    }

    /// Sets when the current read must end; `None` is after it.
    pub(super) fn set_limit(&self, limit: Option<ReadLimit>) {
        *self.limit.borrow_mut() = limit;
    }

    /// Returns whether the current read has reached its limit.
    pub(super) fn is_over_limit(&self) -> bool {
        self.limit.borrow().as_ref().is_some_and(ReadLimit::is_over)
    }

    /// Returns whether a statement since the last call may have changed deliveries or endpoints.
    pub fn take_outbox_change(&self) -> bool {
        self.has_changed_outbox.take()
    }

    /// Whether an error has ended the connection.
    pub fn is_closed(&self) -> bool {
        self.is_broken.get() || self.client.borrow().is_closed()
    }

    /// Asks the server whether the connection still works.
    pub(super) fn probe(&self, limit: Duration) -> Result<(), postgres::Error> {
        self.with_client(|client| client.is_valid(limit))
    }

    /// Whether the server accepts no writes, for example because it is a standby.
    pub(super) fn is_read_only(&self) -> Result<bool, postgres::Error> {
        let messages =
            self.with_client(|client| client.simple_query("SHOW transaction_read_only"))?;
        Ok(messages.iter().any(
            |message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("on")),
        ))
    }

    /// Lends the client for what this type has no method for. Don't run another statement of this
    /// connection meanwhile.
    pub fn with_client<T>(
        &self,
        run: impl FnOnce(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, postgres::Error> {
        run(&mut self.client.borrow_mut()).inspect_err(|error| {
            if ends_the_connection(error) {
                self.is_broken.set(true);
            }
        })
    }
}

/// An error without a response of the server, or one with which the server ends the session. Errors
/// of values that can't be converted leave the connection as it is, and are bugs.
fn ends_the_connection(error: &postgres::Error) -> bool {
    error.as_db_error().is_none_or(|error| {
        matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic) | None)
    })
}

/// Returns whether a statement changes deliveries or endpoints. With SQLite, a hook says so.
fn changes_outbox(sql: &str) -> bool {
    let table = ["INSERT INTO ", "UPDATE ", "DELETE FROM "]
        .into_iter()
        .find_map(|verb| sql.trim_start().strip_prefix(verb));
    let is_outbox = |table: &str| {
        table.starts_with("webhook_deliveries") || table.starts_with("webhook_endpoints")
    };
    table.is_some_and(is_outbox)
}

impl std::fmt::Debug for PgConnection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PgConnection").finish_non_exhaustive()
    }
}

fn parameters<'v>(values: &'v [Value<'_>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

#[cfg(test)]
mod tests {
    use super::changes_outbox;

    #[test]
    fn changes_of_deliveries_and_endpoints_wake_the_sender() {
        assert!(changes_outbox("INSERT INTO webhook_deliveries (id) VALUES (?)"));
        assert!(changes_outbox("UPDATE webhook_endpoints SET failures = 0"));
        assert!(changes_outbox("  DELETE FROM webhook_deliveries"));
        assert!(!changes_outbox("INSERT INTO webhook_attempts (number) VALUES (?)"));
        assert!(!changes_outbox("SELECT no FROM webhook_endpoints"));
    }
}
