//! The oldest server that the schema and the statements work with.

use crate::store::engine::postgres::connection::PgConnection;

/// As in `server_version_num`.
const MINIMUM: i32 = 130_000;

/// Why a server can't be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum VersionError {
    #[error(
        "the server is PostgreSQL {0}, but version 13 or newer is needed; upgrade it, or use another server"
    )]
    TooOld(String),
    #[error("the server does not say which version it is")]
    Unknown,
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
}

/// Returns the version of the server.
///
/// # Errors
/// [`VersionError::TooOld`] if the server is.
pub(in crate::store) fn check_version(connection: &PgConnection) -> Result<String, VersionError> {
    let sql = "SELECT CAST(current_setting('server_version_num') AS int),
                      current_setting('server_version')";
    let rows = connection.rows(sql, &[])?;
    let row = rows.first().ok_or(VersionError::Unknown)?;
    let (number, version): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
    if number < MINIMUM { Err(VersionError::TooOld(version)) } else { Ok(version) }
}
