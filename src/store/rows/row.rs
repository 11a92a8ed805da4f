//! Reads columns whose text has to be parsed.

use std::fmt::Display;
use std::str::FromStr;

use crate::store::engine::{self, Column, Row};

/// Parses a column that holds the name of an enum variant.
pub(in crate::store) fn enum_value<E: FromStr>(
    row: &Row<'_>,
    column: impl Column,
) -> engine::Result<E> {
    let name = row.get_ref(column)?.as_str()?;
    // The schema only allows known names, so this is damage or a value from a newer server.
    name.parse().map_err(|_| conversion_error(column, "the name is unknown"))
}

/// Parses a column that holds JSON.
pub(in crate::store) fn json<T>(
    row: &Row<'_>,
    column: impl Column,
    parse: impl FnOnce(String) -> serde_json::Result<T>,
) -> engine::Result<T> {
    parse(row.get(column)?).map_err(|error| conversion_error(column, error))
}

/// The error for a column that cannot be parsed.
pub(in crate::store) fn conversion_error(column: impl Column, why: impl Display) -> engine::Error {
    engine::Error::column(column, why)
}
