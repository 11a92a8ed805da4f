//! Reads columns whose text has to be parsed.

use std::error::Error;
use std::str::FromStr;

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Row, RowIndex};

/// Parses a column that holds the name of an enum variant.
pub(in crate::store) fn enum_value<E: FromStr>(
    row: &Row<'_>,
    column: impl RowIndex,
) -> rusqlite::Result<E> {
    let name = row.get_ref(column)?.as_str()?;
    // The schema only allows known names, so this is damage or a value from a newer server.
    name.parse().map_err(|_| conversion_error_in(row, column, FromSqlError::InvalidType))
}

/// Parses a column that holds JSON.
pub(in crate::store) fn json<T>(
    row: &Row<'_>,
    column: impl RowIndex,
    parse: impl FnOnce(String) -> serde_json::Result<T>,
) -> rusqlite::Result<T> {
    parse(row.get(column)?).map_err(|error| conversion_error_in(row, column, error))
}

fn conversion_error_in(
    row: &Row<'_>,
    column: impl RowIndex,
    why: impl Into<Box<dyn Error + Send + Sync>>,
) -> rusqlite::Error {
    conversion_error(column.idx(row.as_ref()).unwrap_or_default(), why)
}

/// The error for a column that cannot be parsed.
pub(in crate::store) fn conversion_error(
    column: usize,
    why: impl Into<Box<dyn Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
