//! The database engine behind the use cases: connections, statements, rows, and values with one
//! set of methods, and the engines that implement them.

mod conn;
pub(super) mod database;

pub(super) mod dialect;
mod error;
mod identity;
pub(super) mod opened;
#[cfg(feature = "postgres")]
pub(super) mod postgres;
pub(super) mod read_limit;
mod row;
pub(super) mod size;
pub(super) mod sqlite;
pub(super) mod threads;
pub(super) mod unchecked;
mod value;
pub(super) mod write_job;
pub(super) mod write_stats;

pub(super) use self::conn::Conn;
pub(super) use self::error::{Error, OptionalExtension, Result};
pub(super) use self::row::{Column, Row};
pub(super) use self::value::{ToValue, Value, ValueRef, params};
