//! How values are sent to PostgreSQL, and read from it.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::store::engine::value::{Value, ValueRef};

type Conversion<T> = Result<T, Box<dyn Error + Sync + Send>>;

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Conversion<IsNull> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) => match *kind {
                Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
                Type::INT8 => number.to_sql(kind, out),
                _ => Err(format!("an integer can't be a parameter of type {kind}").into()),
            },
            Self::Text(text) => match *kind {
                // PostgreSQL has no NUL in texts. `->>` replaces it in the same way.
                Type::TEXT | Type::VARCHAR | Type::NAME if text.contains('\0') => {
                    text.replace('\0', "\u{fffd}").to_sql(kind, out)
                }
                Type::TEXT | Type::VARCHAR | Type::NAME => text.as_ref().to_sql(kind, out),
                _ => Err(format!("a text can't be a parameter of type {kind}").into()),
            },
            Self::Blob(bytes) => match *kind {
                Type::BYTEA => bytes.as_ref().to_sql(kind, out),
                _ => Err(format!("a blob can't be a parameter of type {kind}").into()),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The value of a column of any type that the schema and its queries have.
pub(in crate::store::engine) struct Raw<'r>(pub ValueRef<'r>);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(kind: &Type, raw: &'r [u8]) -> Conversion<Self> {
        Ok(Self(match *kind {
            Type::INT8 => ValueRef::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => ValueRef::Integer(i32::from_sql(kind, raw)?.into()),
            Type::BOOL => ValueRef::Integer(bool::from_sql(kind, raw)?.into()),
            Type::BYTEA => ValueRef::Blob(raw),
            _ => ValueRef::Text(raw),
        }))
    }

    fn from_sql_null(_: &Type) -> Conversion<Self> {
        Ok(Self(ValueRef::Null))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(
            *kind,
            Type::INT8
                | Type::INT4
                | Type::BOOL
                | Type::BYTEA
                | Type::TEXT
                | Type::VARCHAR
                | Type::NAME
        )
    }
}
