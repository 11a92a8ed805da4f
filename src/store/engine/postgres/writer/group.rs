//! Writes a group of jobs in one transaction on PostgreSQL. Each job but a single one has its own
//! savepoint, so that a job that fails loses only its own changes.

use std::collections::VecDeque;
use std::time::Instant;

use super::super::commit::{CommitOutcome, commit};
use super::super::connection::PgConnection;
use super::super::connection::ahead::Request;
use super::super::failure::classify;
use super::super::lease::Lease;
use crate::model::clock::Clock;
use crate::store::Tx;
use crate::store::engine::Conn;
use crate::store::engine::sqlite::schema::APPLICATION_ID;
use crate::store::engine::write_job::{Job, Outcome};
use crate::store::engine::write_stats::WriteStats;
use crate::store::error::StoreError;
use crate::store::write_scope::WriteScope;

/// The second half of the key of the advisory lock of all changes. The first is [`APPLICATION_ID`].
pub(in crate::store) const LOCK: i32 = 2;

/// Returns what begins a transaction and takes its locks, in one round trip. The order is the same
/// for all changes, so that none waits for another one that waits for it.
fn begin(scope: WriteScope) -> String {
    let lock = match scope {
        WriteScope::Database => "pg_advisory_xact_lock",
        WriteScope::Workspace(_) | WriteScope::SingleRow => "pg_advisory_xact_lock_shared",
    };
    let mut sql = format!(
        // On a primary that has become a standby, this fails.
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT {lock}({APPLICATION_ID}, {LOCK})"
    );
    if let WriteScope::Workspace(no) = scope {
        // Weaker than FOR UPDATE, which would also keep others from inserting rows that refer to
        // the workspace.
        sql += &format!("; SELECT 1 FROM workspaces WHERE no = {} FOR NO KEY UPDATE", no.0);
    }
    sql
}

/// Jobs that are being written. Whatever happens, each gets a response.
pub(super) struct RunningGroup {
    waiting: VecDeque<Job>,
    outcomes: Vec<Outcome>,
}

/// What must come before the next job.
#[derive(Clone, Copy)]
enum Savepoint {
    None,
    OfStored,
    OfFailed,
}

impl Savepoint {
    /// Returns the statements after which the next job can be undone alone.
    fn set(self) -> &'static str {
        match self {
            Self::None => "SAVEPOINT job",
            Self::OfStored => "RELEASE job; SAVEPOINT job",
            Self::OfFailed => "ROLLBACK TO job",
        }
    }
}

impl RunningGroup {
    pub fn new(jobs: Vec<Job>) -> Self {
        Self { waiting: jobs.into(), outcomes: Vec::new() }
    }

    /// Begins the transaction. If this fails, no job has run.
    pub fn begin(conn: &PgConnection, scope: WriteScope) -> Result<(), tokio_postgres::Error> {
        conn.begin(&begin(scope))
    }

    /// Runs the jobs in the transaction that was begun, and commits it.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`], or another error if nothing was stored.
    pub fn write(
        &mut self,
        conn: &PgConnection,
        lease: &Lease,
        clock: &dyn Clock,
        stats: &WriteStats,
    ) -> Result<(), StoreError> {
        let is_alone = self.waiting.len() == 1;
        let (mut savepoint, mut is_any_stored) = (Savepoint::None, false);
        while let Some(job) = self.waiting.pop_front() {
            let set = (!is_alone).then(|| conn.send_ahead(Request::Batch(savepoint.set())));
            let tx = Tx { conn: Conn::Postgres(conn), now: clock.now() };
            let result = job.run(&tx, &mut self.outcomes);
            if let Some(set) = set {
                // Without its savepoint, undoing this job would undo the one before it.
                set.finish().map_err(|error| classify(&error))?;
            }
            savepoint = match result {
                Ok(()) => {
                    is_any_stored = true;
                    Savepoint::OfStored
                }
                Err(error) if conn.is_closed() => return Err(lost(&error)),
                Err(_) => Savepoint::OfFailed,
            };
        }
        let still_primary = || lease.check_for(conn.origin().primary);
        if !is_any_stored {
            conn.end("ROLLBACK").map_err(|error| classify(&error))?;
            return still_primary();
        }
        if matches!(savepoint, Savepoint::OfFailed) {
            execute(conn, "ROLLBACK TO job")?;
        }
        let started = Instant::now();
        match commit(conn) {
            CommitOutcome::Stored => {
                stats.committed(started.elapsed());
                Ok(())
            }
            // No standby was asked whether this still is the primary, so what was read may be old.
            CommitOutcome::Unchanged => still_primary(),
            CommitOutcome::NotStored(failure) => Err(failure.into()),
            CommitOutcome::Unknown(why) => Err(StoreError::OutcomeUnknown(why)),
        }
    }

    /// Responds to all jobs.
    pub fn respond(self, stored: &Result<(), StoreError>) {
        for outcome in self.outcomes {
            // A job that failed was rolled back in any case. What it found may be old, though, if it is
            // unknown whether this was the primary.
            let stored = match stored {
                Err(StoreError::OutcomeUnknown(why)) if outcome.has_failed() => {
                    Err(StoreError::Unavailable(why.clone()))
                }
                Err(StoreError::Unavailable(_)) | Ok(()) => stored.clone(),
                Err(_) if outcome.has_failed() => Ok(()),
                Err(error) => Err(error.clone()),
            };
            outcome.respond(stored);
        }
        let not_run = || StoreError::Internal("a change was not run".to_owned());
        for job in self.waiting {
            // These were not even begun, so it is known that they were not stored.
            job.fail(stored.clone().err().unwrap_or_else(not_run));
        }
    }
}

fn execute(conn: &PgConnection, sql: &str) -> Result<(), StoreError> {
    conn.batch_execute(sql).map_err(|error| classify(&error).into())
}

fn lost(error: &StoreError) -> StoreError {
    StoreError::Unavailable(format!("the connection to PostgreSQL was lost: {error}"))
}
