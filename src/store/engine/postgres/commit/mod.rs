//! What became of a transaction: stored, not stored, or unknown.

pub(in crate::store) mod notices;
#[cfg(test)]
mod tests;

use postgres::error::{Severity, SqlState};

use super::connection::PgConnection;
use super::failure::{Failure, classify, describe};

/// Fails if an earlier statement of the transaction has failed. `COMMIT` alone would then roll back
/// and report success.
const COMMIT: &str = "SELECT 1; COMMIT";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum CommitOutcome {
    /// On disk, and on the standbys that the server waits for.
    Stored,
    /// Nothing of the transaction was stored.
    NotStored(Failure),
    /// It may have been stored, or be lost with the primary. The text is for the log.
    Unknown(String),
}

/// Commits the transaction of the connection. A connection whose outcome is unknown is closed or of
/// no more use: return it to its pool, which discards it.
pub(in crate::store) fn commit(connection: &PgConnection) -> CommitOutcome {
    // A warning of an earlier transaction.
    connection.notices().take_unreplicated();
    let result = connection.end(COMMIT);
    outcome(result, connection.notices().take_unreplicated())
}

/// The server answers an error before it stores anything, and a warning if it stops waiting for its
/// standbys after it has. If it ends the session, or the connection breaks, either can be true.
fn outcome(result: Result<(), postgres::Error>, unreplicated: bool) -> CommitOutcome {
    if unreplicated {
        let why = "the server stopped waiting for its synchronous standbys, so the change may only \
                   be on the primary";
        return CommitOutcome::Unknown(why.to_owned());
    }
    match result {
        Ok(()) => CommitOutcome::Stored,
        Err(error) if is_refusal(&error) => CommitOutcome::NotStored(classify(&error)),
        Err(error) => CommitOutcome::Unknown(describe(&error)),
    }
}

/// Whether the server has rolled back and the session goes on.
fn is_refusal(error: &postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        error.parsed_severity() == Some(Severity::Error)
            && *error.code() != SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN
    })
}
