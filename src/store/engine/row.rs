//! A row of a result.

use std::fmt::Display;

use rusqlite::types::ValueRef as SqliteValue;

use super::error::{Error, Result};
#[cfg(feature = "postgres")]
use super::postgres::connection::types::Raw;
use super::value::{FromValue, ValueRef};

/// A row, while its statement is at it.
pub enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    #[cfg(feature = "postgres")]
    Postgres(&'r tokio_postgres::Row),
}

/// What identifies a column: its position, or its name.
#[cfg(feature = "postgres")]
pub trait Column: rusqlite::RowIndex + tokio_postgres::row::RowIndex + Display + Copy {}
#[cfg(not(feature = "postgres"))]
pub trait Column: rusqlite::RowIndex + Display + Copy {}

impl Column for usize {}
impl Column for &str {}

impl Row<'_> {
    /// Reads a column.
    pub fn get<C: Column, T: FromValue>(&self, column: C) -> Result<T> {
        let value = self.get_ref(column)?;
        T::from_value(value).map_err(|why| Error::column(column, why))
    }

    /// Returns the value of a column without copying it.
    #[inline]
    pub fn get_ref<C: Column>(&self, column: C) -> Result<ValueRef<'_>> {
        match self {
            Self::Sqlite(row) => match row.get_ref(column)? {
                SqliteValue::Null => Ok(ValueRef::Null),
                SqliteValue::Integer(number) => Ok(ValueRef::Integer(number)),
                SqliteValue::Text(text) => Ok(ValueRef::Text(text)),
                SqliteValue::Blob(bytes) => Ok(ValueRef::Blob(bytes)),
                SqliteValue::Real(_) => Err(Error::column(column, "the schema has no fractions")),
            },
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => of_postgres(row, column),
        }
    }
}

/// Not inlined: this would keep the other engine's part from being inlined, too.
#[cfg(feature = "postgres")]
#[inline(never)]
fn of_postgres<C: Column>(row: &tokio_postgres::Row, column: C) -> Result<ValueRef<'_>> {
    Ok(row.try_get::<_, Raw<'_>>(column)?.0)
}
