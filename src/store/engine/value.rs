//! Values as both engines know them: parameters of statements, and columns of rows.

use std::borrow::Cow;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef as SqliteValue};

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'v> {
    Null,
    Integer(i64),
    Text(Cow<'v, str>),
    Blob(Cow<'v, [u8]>),
}

impl Value<'_> {
    #[cfg(feature = "postgres")]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Text(text) => Value::Text(text.into_owned().into()),
            Self::Blob(bytes) => Value::Blob(bytes.into_owned().into()),
        }
    }

    fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.as_ref() {
            ValueRef::Null => SqliteValue::Null,
            ValueRef::Integer(number) => SqliteValue::Integer(number),
            ValueRef::Text(text) => SqliteValue::Text(text),
            ValueRef::Blob(bytes) => SqliteValue::Blob(bytes),
        }))
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value<'_> {
            fn from(value: $integer) -> Self {
                Self::Integer(value.into())
            }
        }

        impl ToValue for $integer {
            fn to_value(&self) -> Value<'_> {
                (*self).into()
            }
        }
    )*};
}

// SQLite has no booleans, and the schema of PostgreSQL has the same types.
from_integers!(bool, u8, u16, u32, i32, i64);

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        text.as_str().into()
    }
}

impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A type that can be bound to a parameter.
pub trait ToValue {
    fn to_value(&self) -> Value<'_>;
}

impl ToValue for Value<'_> {
    fn to_value(&self) -> Value<'_> {
        match self.as_ref() {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            // Borrowed from a `str`, so nothing is lost.
            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text)),
            ValueRef::Blob(bytes) => Value::Blob(bytes.into()),
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        self.into()
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        self.into()
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self.into())
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        self.as_slice().to_value()
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        self.as_slice().to_value()
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (*self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

/// The parameters of a statement, in the order of their numbers.
pub trait Params {
    fn bind<T>(self, bound: impl FnOnce(&[Value<'_>]) -> T) -> T;
}

impl Params for () {
    fn bind<T>(self, bound: impl FnOnce(&[Value<'_>]) -> T) -> T {
        bound(&[])
    }
}

impl<V: ToValue, const N: usize> Params for [V; N] {
    fn bind<T>(self, bound: impl FnOnce(&[Value<'_>]) -> T) -> T {
        bound(&self.each_ref().map(ToValue::to_value))
    }
}

impl Params for &[Value<'_>] {
    fn bind<T>(self, bound: impl FnOnce(&[Value<'_>]) -> T) -> T {
        bound(self)
    }
}

impl Params for Vec<Value<'_>> {
    fn bind<T>(self, bound: impl FnOnce(&[Value<'_>]) -> T) -> T {
        bound(&self)
    }
}

/// Builds the parameters of a statement from values of different types.
macro_rules! params {
    ($($value:expr),+ $(,)?) => {
        &[$($crate::store::engine::ToValue::to_value(&$value)),+][..]
    };
}
pub(in crate::store) use params;

/// The value of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'r> {
    Null,
    Integer(i64),
    /// SQLite does not check that a text is UTF-8.
    Text(&'r [u8]),
    Blob(&'r [u8]),
}

/// Why a value does not have the type that the code expects.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    #[error("expected {expected}, found {found}")]
    Type { expected: &'static str, found: &'static str },
    #[error("{0} is out of range")]
    OutOfRange(i64),
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("expected {expected} bytes, found {found}")]
    Length { expected: usize, found: usize },
}

impl<'r> ValueRef<'r> {
    pub fn as_str(self) -> Result<&'r str, ValueError> {
        std::str::from_utf8(self.as_bytes()?).map_err(|_| ValueError::NotUtf8)
    }

    pub fn as_str_or_null(self) -> Result<Option<&'r str>, ValueError> {
        if self == Self::Null { Ok(None) } else { self.as_str().map(Some) }
    }

    /// Returns the bytes of a text, unchecked.
    pub fn as_bytes(self) -> Result<&'r [u8], ValueError> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(self.unexpected("a text")),
        }
    }

    /// Copies the value.
    pub fn to_owned(self) -> Result<Value<'static>, ValueError> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Text(_) => Value::Text(self.as_str()?.to_owned().into()),
            Self::Blob(bytes) => Value::Blob(bytes.to_owned().into()),
        })
    }

    fn as_blob(self) -> Result<&'r [u8], ValueError> {
        match self {
            Self::Blob(bytes) => Ok(bytes),
            _ => Err(self.unexpected("a blob")),
        }
    }

    fn as_integer(self) -> Result<i64, ValueError> {
        match self {
            Self::Integer(number) => Ok(number),
            _ => Err(self.unexpected("an integer")),
        }
    }

    fn unexpected(self, expected: &'static str) -> ValueError {
        let found = match self {
            Self::Null => "null",
            Self::Integer(_) => "an integer",
            Self::Text(_) => "a text",
            Self::Blob(_) => "a blob",
        };
        ValueError::Type { expected, found }
    }
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    fn from_value(value: ValueRef<'_>) -> Result<Self, ValueError>;
}

macro_rules! to_integers {
    ($($integer:ty),*) => {$(
        impl FromValue for $integer {
            fn from_value(value: ValueRef<'_>) -> Result<Self, ValueError> {
                let number = value.as_integer()?;
                number.try_into().map_err(|_| ValueError::OutOfRange(number))
            }
        }
    )*};
}

to_integers!(u8, u16, u32, u64, usize, i32, i64);

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Result<Self, ValueError> {
        Ok(value.as_integer()? != 0)
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Result<Self, ValueError> {
        value.as_str().map(str::to_owned)
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, ValueError> {
        value.as_blob().map(<[u8]>::to_vec)
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: ValueRef<'_>) -> Result<Self, ValueError> {
        let bytes = value.as_blob()?;
        bytes.try_into().map_err(|_| ValueError::Length { expected: N, found: bytes.len() })
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, ValueError> {
        if value == ValueRef::Null { Ok(None) } else { T::from_value(value).map(Some) }
    }
}
