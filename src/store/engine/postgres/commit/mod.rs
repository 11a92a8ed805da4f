//! What became of a transaction: stored, not stored, or unknown.

pub(in crate::store) mod notices;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio_postgres::error::{Severity, SqlState};

use super::connection::{PgConnection, values};
use super::failure::{Failure, classify, describe};

/// Fails if an earlier statement of the transaction has failed. `COMMIT` alone would then roll back
/// and report success. Returns a number only if the transaction has changed something.
const COMMIT: &str = "SELECT pg_current_xact_id_if_assigned(); COMMIT";
/// How long a commit may take. A primary that is cut off from its standbys waits for them forever.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum CommitOutcome {
    /// On disk, and on the standbys that the server waits for.
    Stored,
    /// The transaction had changed nothing, so the server waited for nobody.
    Unchanged,
    /// Nothing of the transaction was stored.
    NotStored(Failure),
    /// It may have been stored, or be lost with the primary. The text is for the log.
    Unknown(String),
}

/// Commits the transaction of the connection. A connection whose outcome is unknown is closed, in a
/// transaction, or of no more use: return it to its pool, which discards it. A server that still
/// waits for its standbys is not asked to stop, because the change would then appear on the primary
/// alone.
pub(in crate::store) fn commit(connection: &PgConnection) -> CommitOutcome {
    commit_within(connection, COMMIT_TIMEOUT)
}

fn commit_within(connection: &PgConnection, limit: Duration) -> CommitOutcome {
    // A warning of an earlier transaction.
    connection.notices().take_unreplicated();
    let Some(result) = connection.try_end(COMMIT, limit) else {
        let why = format!("no response within {}", humantime::format_duration(limit));
        return CommitOutcome::Unknown(why);
    };
    let has_changed = result.map(|messages| values(&messages).iter().any(Option::is_some));
    outcome(has_changed, connection.notices().take_unreplicated())
}

/// The server answers an error before it stores anything, and a warning if it stops waiting for its
/// standbys after it has. If it ends the session, or the connection breaks, either can be true.
fn outcome(has_changed: Result<bool, tokio_postgres::Error>, unreplicated: bool) -> CommitOutcome {
    if unreplicated {
        let why = "the server stopped waiting for its synchronous standbys, so the change may only \
                   be on the primary";
        return CommitOutcome::Unknown(why.to_owned());
    }
    match has_changed {
        Ok(true) => CommitOutcome::Stored,
        Ok(false) => CommitOutcome::Unchanged,
        Err(error) if is_refusal(&error) => CommitOutcome::NotStored(classify(&error)),
        Err(error) => CommitOutcome::Unknown(describe(&error)),
    }
}

/// Whether the server has rolled back and the session goes on.
fn is_refusal(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        error.parsed_severity() == Some(Severity::Error)
            && *error.code() != SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN
    })
}
