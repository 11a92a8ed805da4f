//! A connection to PostgreSQL with its prepared statements.

pub(in crate::store::engine) mod ahead;
pub(super) mod client;
pub(in crate::store::engine) mod cursor;
pub(in crate::store::engine) mod rows;
pub(in crate::store::engine) mod types;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::error::Severity;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, SimpleQueryMessage, Statement};

use self::ahead::{Request, SentAhead};
use self::client::{Client, Patience};
use super::commit::notices::Notices;
use super::lease::{Lease, Primary};
use crate::store::engine::dialect::for_postgres;
use crate::store::engine::read_limit::ReadLimit;
use crate::store::engine::value::Value;

/// The number of prepared statements that a connection caches. There are fewer than this, apart
/// from those whose lists of values differ in length.
const STATEMENT_CACHE: usize = 512;
const STARTED: &str = "
    SELECT CAST(extract(epoch FROM pg_postmaster_start_time()) * 1000000 AS bigint)";
/// How long the response to the first statement may take, if all others may take any time.
const FIRST_LIMIT: Duration = Duration::from_secs(10);

/// How much longer than a read its last response may take.
const GRACE: Duration = Duration::from_secs(1);

/// A connection. Its client needs exclusive access, but a use case holds a statement while it runs
/// another; neither holds it while the other waits for the server.
pub struct PgConnection {
    /// Boxed, because connections are moved into and out of pools.
    client: RefCell<Box<Client>>,
    statements: RefCell<HashMap<String, Statement>>,
    origin: Origin,
    /// How long a response may take, unless the current read has a limit.
    reply_limit: Option<Duration>,
    /// When the current read must end.
    read_limit: RefCell<Option<ReadLimit>>,
    notices: Notices,
    in_transaction: Cell<bool>,
    /// Whether deliveries or endpoints may have been changed.
    has_changed_outbox: Cell<bool>,
    /// The client itself doesn't notice all of its errors.
    is_broken: Cell<bool>,
    /// A bit for the number of each open cursor.
    cursors: Cell<u64>,
    /// Whether a response was missing when it was last waited for.
    is_waiting: Cell<bool>,
}

/// Ends the limit of a read when it is dropped, also if the read panics.
#[must_use]
pub struct Limited<'c>(&'c PgConnection);

impl Drop for Limited<'_> {
    fn drop(&mut self) {
        *self.0.read_limit.borrow_mut() = None;
    }
}

/// The server at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Which of the hosts in the URL.
    pub host: usize,
    pub primary: Primary,
}

impl PgConnection {
    /// Takes over a client that is connected to a host. The notices are those that the client fills.
    /// Nothing is waited for once another primary has the lease.
    ///
    /// # Errors
    /// If the server doesn't say which one it is.
    pub(super) fn new(
        mut client: Client,
        host: usize,
        reply_limit: Option<Duration>,
        lease: &Lease,
        notices: Notices,
    ) -> Result<Self, tokio_postgres::Error> {
        let rows =
            client.query(STARTED, &[], Patience::of(Some(reply_limit.unwrap_or(FIRST_LIMIT))))?;
        let primary = Primary(rows.first().map_or(Ok(0), |row| row.try_get(0))?);
        let lease = lease.clone();
        client.close_if(Box::new(move || lease.is_of_another(primary)));
        Ok(Self {
            client: RefCell::new(Box::new(client)),
            statements: RefCell::default(),
            origin: Origin { host, primary },
            reply_limit,
            read_limit: RefCell::default(),
            notices,
            in_transaction: Cell::new(false),
            has_changed_outbox: Cell::new(false),
            is_broken: Cell::new(false),
            cursors: Cell::new(0),
            is_waiting: Cell::new(false),
        })
    }

    pub(super) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Limits reads until the guard is dropped. If a response is missing soon after the limit, the
    /// connection is closed.
    pub fn limit(&self, limit: ReadLimit) -> Limited<'_> {
        *self.read_limit.borrow_mut() = Some(limit);
        Limited(self)
    }

    /// Prepares a statement in SQLite's spelling, or takes it from the cache.
    pub fn prepare(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        if changes_outbox(sql) {
            self.has_changed_outbox.set(true);
        }
        if let Some(known) = self.statements.borrow().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.prepare_uncached(&for_postgres(sql))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENT_CACHE {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Prepares a statement in PostgreSQL's spelling.
    pub(super) fn prepare_uncached(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        self.run(|client, patience| client.prepare(sql, patience))
    }

    pub fn query(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.run(|client, patience| client.query(statement, &parameters(values), patience))
    }

    /// Returns how many rows the statement changed.
    pub fn execute(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Result<u64, tokio_postgres::Error> {
        self.run(|client, patience| client.execute(statement, &parameters(values), patience))
    }

    /// Runs a query in PostgreSQL's spelling, which is not cached.
    pub fn rows(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.run(|client, patience| client.query(sql, values, patience))
    }

    /// Runs statements in PostgreSQL's spelling, separated by semicolons, in one round trip. Not for
    /// those that begin or end a transaction.
    pub fn batch_execute(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.run(|client, patience| client.simple_query(sql, patience)).map(drop)
    }

    /// Sends a request together with the next one, so that it costs no round trip of its own. The
    /// server answers it first. Not for what begins or ends a transaction.
    pub fn send_ahead(&self, request: Request) -> SentAhead<'_> {
        self.client.borrow_mut().send_ahead(request);
        SentAhead::of(self)
    }

    /// Runs statements that begin a transaction.
    pub fn begin(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        // Even if this fails: some of the statements may have run.
        self.in_transaction.set(true);
        self.batch_execute(sql)
    }

    /// Begins a transaction in which all statements see the same moment.
    pub fn begin_read(&self) -> Result<(), tokio_postgres::Error> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    /// Runs statements that end a transaction. If that fails, the transaction is taken for open.
    pub fn end(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.batch_execute(sql)?;
        self.in_transaction.set(false);
        Ok(())
    }

    /// Runs statements, and returns their rows. If there is no response within `limit`, returns `None`
    /// and leaves them to the server. What becomes of an open transaction is then unknown.
    pub fn try_batch(
        &self,
        sql: &str,
        limit: Duration,
    ) -> Option<Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>> {
        let result = self.client.borrow_mut().try_simple_query(sql, limit);
        self.is_waiting.set(result.is_none());
        result.map(|result| self.noticing(result))
    }

    /// Like [`PgConnection::try_batch`], for statements that end a transaction.
    pub fn try_end(
        &self,
        sql: &str,
        limit: Duration,
    ) -> Option<Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>> {
        let result = self.try_batch(sql, limit)?;
        if result.is_ok() {
            self.in_transaction.set(false);
        }
        Some(result)
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

    /// Returns whether the current read has reached its limit.
    pub(super) fn is_over_limit(&self) -> bool {
        self.read_limit.borrow().as_ref().is_some_and(ReadLimit::is_over)
    }

    /// Returns whether a statement since the last call may have changed deliveries or endpoints.
    pub fn take_outbox_change(&self) -> bool {
        self.has_changed_outbox.take()
    }

    /// Whether an error has ended the connection.
    pub fn is_closed(&self) -> bool {
        self.is_broken.get() || self.client.borrow().is_closed()
    }

    #[cfg(test)]
    fn round_trips(&self) -> u32 {
        self.client.borrow().round_trips()
    }

    /// Whether a response was missing when it was last waited for.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_waiting.get()
    }

    /// Whether the server has responded to everything that was sent.
    pub(super) fn has_responded(&self, limit: Duration) -> bool {
        self.try_batch("", limit).is_some()
    }

    /// Asks the server whether it accepts no writes, for example because it is a standby. Closes the
    /// connection if there is no response within `limit`.
    pub(super) fn is_read_only(&self, limit: Duration) -> Result<bool, tokio_postgres::Error> {
        let (sql, patience) = ("SHOW transaction_read_only", Patience::of(Some(limit)));
        let result = self.client.borrow_mut().simple_query(sql, patience);
        let messages = self.noticing(result)?;
        Ok(values(&messages).first() == Some(&Some("on")))
    }

    fn run<T>(
        &self,
        run: impl FnOnce(&mut Client, Patience) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, tokio_postgres::Error> {
        let patience = match &*self.read_limit.borrow() {
            Some(limit) => Patience::Until(limit.deadline() + GRACE),
            None => Patience::of(self.reply_limit),
        };
        let result = run(&mut self.client.borrow_mut(), patience);
        self.noticing(result)
    }

    fn noticing<T>(
        &self,
        result: Result<T, tokio_postgres::Error>,
    ) -> Result<T, tokio_postgres::Error> {
        result.inspect_err(|error| {
            if ends_the_connection(error) {
                self.is_broken.set(true);
            }
        })
    }
}

/// Returns the values of all rows.
pub(super) fn values(messages: &[SimpleQueryMessage]) -> Vec<Option<&str>> {
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.flat_map(|row| (0..row.len()).map(|column| row.get(column))).collect()
}

/// An error without a response of the server, or one with which the server ends the session. Errors
/// of values that can't be converted leave the connection as it is, and are bugs.
fn ends_the_connection(error: &tokio_postgres::Error) -> bool {
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
