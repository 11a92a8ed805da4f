//! Keeps a database on PostgreSQL for one process.

use std::thread;
use std::time::{Duration, Instant};

use super::commit::{CommitOutcome, commit};
use super::connect::connector::Connector;
use super::connect::session::APPLICATION_NAME;
use super::connection::PgConnection;
use super::database::{check_durability, connect, failed};
use super::durability::Copies;
use super::writer::group::LOCK;
use crate::store::engine::sqlite::schema::APPLICATION_ID;
use crate::store::engine::{self, Conn, params};
use crate::store::error::{OpenError, StoreError};
use crate::store::files::IfMissing;
use crate::store::location::PostgresLocation;

/// How long to wait for others to leave. The sessions of a process end shortly after it.
const WAIT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A database that nobody else uses. Its connection holds the lock of all changes for as long as it
/// is open, so that even a server that starts now can't change anything.
pub(in crate::store) struct PgExclusive {
    connection: PgConnection,
    location: PostgresLocation,
}

impl PgExclusive {
    /// Opens the database, or creates its tables.
    ///
    /// # Errors
    /// [`OpenError::Postgres`], also if others use the database.
    pub fn open(location: &PostgresLocation, existing: IfMissing) -> Result<Self, OpenError> {
        let connector = Connector::new(&location.url).map_err(|error| failed(location, error))?;
        let connection = connect(&connector, location, existing)?.connection;
        let exclusive = Self { connection, location: location.clone() };
        let deadline = Instant::now() + WAIT;
        loop {
            let others = exclusive.others()?;
            if others.is_none() && exclusive.try_lock()? {
                return Ok(exclusive);
            }
            if Instant::now() >= deadline {
                return Err(exclusive.in_use(others.as_deref().unwrap_or_default()));
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    pub fn conn(&self) -> Conn<'_> {
        (&self.connection).into()
    }

    /// Fails if others use the database.
    ///
    /// # Errors
    /// [`OpenError::Postgres`]
    pub fn ensure_unused(&self) -> Result<(), OpenError> {
        match self.others()? {
            None => Ok(()),
            Some(others) => Err(self.in_use(&others)),
        }
    }

    /// Begins a transaction that changes the database.
    ///
    /// # Errors
    /// If acknowledged changes may not be on two machines, although they must be.
    pub fn begin_write(&self) -> Result<(), OpenError> {
        if self.location.require_sync {
            check_durability(&self.connection, Copies::Two).map_err(|error| self.failed(error))?;
        }
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
        self.connection.begin(begin).map_err(|error| self.statement_failed(error))
    }

    /// Makes new rows continue the numbers of those that are there, and updates the statistics that
    /// queries are planned with.
    ///
    /// # Errors
    /// Those of the statements.
    pub fn complete(&self, tables: &[&str]) -> Result<(), StoreError> {
        let sql = "SELECT CAST(c.relname AS text), CAST(a.attname AS text)
                   FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
                   WHERE c.relnamespace = to_regnamespace(CAST(current_schema() AS text))
                       AND a.attidentity <> ''";
        let mut statement = self.conn().prepare_cached(sql)?;
        let numbered = statement
            .query_map((), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        for column in numbered {
            let (table, column) = column?;
            self.conn().execute_batch(&format!(
                "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column}))
                 FROM {table} HAVING count(*) > 0"
            ))?;
        }
        Ok(self.conn().analyze(tables)?)
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`], or another error if nothing was stored.
    pub fn commit(self) -> Result<(), StoreError> {
        match commit(&self.connection) {
            CommitOutcome::Stored | CommitOutcome::Unchanged => Ok(()),
            CommitOutcome::NotStored(failure) => Err(failure.into()),
            CommitOutcome::Unknown(why) => Err(StoreError::OutcomeUnknown(why)),
        }
    }

    /// Returns who else is connected.
    fn others(&self) -> Result<Option<String>, OpenError> {
        // Within a transaction, the server repeats what it found at first.
        let sql = "SELECT pg_stat_clear_snapshot()";
        self.conn().execute_batch(sql).map_err(|error| self.statement_failed(error))?;
        // The URL can contain another name.
        let sql = "SELECT count(*), string_agg(DISTINCT host(client_addr), ' and ')
                   FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()
                       AND application_name IN (?1, current_setting('application_name'))";
        let found = self.conn().query_row(sql, params![APPLICATION_NAME], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?))
        });
        let (count, hosts) = found.map_err(|error| self.statement_failed(error))?;
        let from = hosts.map(|hosts| format!(", from {hosts}")).unwrap_or_default();
        Ok((count > 0).then(|| format!(" (connections: {count}{from})")))
    }

    fn try_lock(&self) -> Result<bool, OpenError> {
        let sql = format!("SELECT pg_try_advisory_lock({APPLICATION_ID}, {LOCK})");
        let locked = self.conn().query_row(&sql, (), |row| row.get(0));
        locked.map_err(|error| self.statement_failed(error))
    }

    fn in_use(&self, others: &str) -> OpenError {
        self.failed(format!(
            "a server or another command is using it{others}; stop all of them, on every machine, \
             then try again"
        ))
    }

    fn statement_failed(&self, error: impl Into<engine::Error>) -> OpenError {
        self.failed(StoreError::from(error.into()))
    }

    fn failed(&self, why: impl ToString) -> OpenError {
        failed(&self.location, why.to_string())
    }
}
