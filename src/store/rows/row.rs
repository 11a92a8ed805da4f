//! Reads columns whose text has a form of its own. For the store's own use.

use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::{FromSqlError, Type};

/// A column that holds one of the names of an enum.
pub(in crate::store) fn choice<E: FromStr>(row: &Row<'_>, index: usize) -> rusqlite::Result<E> {
    let name = row.get_ref(index)?.as_str()?;
    // The schema's checks let no other name in, so this is damage or a newer server's value.
    name.parse().map_err(|_| unreadable(index, FromSqlError::InvalidType))
}

/// A column that holds JSON.
pub(in crate::store) fn json<T>(
    row: &Row<'_>,
    index: usize,
    parse: impl FnOnce(String) -> serde_json::Result<T>,
) -> rusqlite::Result<T> {
    parse(row.get(index)?).map_err(|error| unreadable(index, error))
}

fn unreadable(
    index: usize,
    why: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(why))
}
