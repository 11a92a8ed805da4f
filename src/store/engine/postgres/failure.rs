//! What an error of PostgreSQL means for the store.

use std::error::Error;

use tokio_postgres::error::{DbError, SqlState};

/// An error of a statement or a connection. The texts contain no values of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Failure {
    /// The same may succeed later, maybe on another server.
    Unavailable(String),
    /// The statement took too long or was canceled.
    Interrupted,
    /// Another row has the same values. The name is that of the constraint or unique index.
    Taken(String),
    /// A bug, here or in the server.
    Internal(String),
}

pub(in crate::store) fn classify(error: &tokio_postgres::Error) -> Failure {
    let Some(db) = error.as_db_error() else {
        // Without an error of the server, the connection is lost, or the client was misused.
        let is_lost = error.is_closed() || is_io(error);
        let kind = if is_lost { Failure::Unavailable } else { Failure::Internal };
        return kind(describe(error));
    };
    match db.code() {
        &SqlState::UNIQUE_VIOLATION => {
            Failure::Taken(db.constraint().unwrap_or_default().to_owned())
        }
        &SqlState::QUERY_CANCELED => Failure::Interrupted,
        code if is_temporary(code) => Failure::Unavailable(describe(error)),
        _ => Failure::Internal(describe(error)),
    }
}

/// Whether the same statement may succeed later.
fn is_temporary(code: &SqlState) -> bool {
    let states = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::LOCK_NOT_AVAILABLE,
    ];
    // Lost connections; full disks and memory, too many connections; shutdowns and starts; errors of
    // the file system; wrong passwords and missing permissions; and missing databases.
    let classes = ["08", "53", "57", "58", "28", "3D"];
    states.contains(code)
        || *code == SqlState::INSUFFICIENT_PRIVILEGE
        || classes.iter().any(|class| code.code().starts_with(class))
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    causes(error).any(|cause| cause.is::<std::io::Error>())
}

fn causes<'e>(error: &'e tokio_postgres::Error) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// Describes an error with its cause. `Display` of the client's errors says only "db error".
pub(in crate::store) fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return describe_db(db);
    }
    let mut text = error.to_string();
    for cause in causes(error) {
        let cause = cause.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn describe_db(error: &DbError) -> String {
    let code = error.code().code();
    // "Data exceptions" quote values, and the details of violated constraints whole rows.
    if code.starts_with("22") {
        let routine = error.routine().unwrap_or("unknown");
        return format!("invalid data in {routine} (SQLSTATE {code})");
    }
    let has_rows = code.starts_with("23");
    let detail = error.detail().filter(|_| !has_rows);
    let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{}{detail} (SQLSTATE {code})", error.message())
}
