//! The database engine behind the use cases: connections, statements, rows, and values with one
//! set of methods, and what implements them: SQLite's pragmas, writer, checkpoints, schema, and
//! damage detection.

pub(super) mod checkpoint_thread;
pub(super) mod checkpoints;
mod conn;
pub(super) mod damage;
mod error;
pub(super) mod identity;
pub(super) mod key_cache;
pub(super) mod read_limit;
pub(super) mod read_only;
pub(super) mod reader_pool;
mod row;
pub(super) mod schema;
pub(super) mod sqlite;
pub(super) mod unchecked;
mod value;
pub(super) mod wal_growth;
pub(super) mod write_stats;
pub(super) mod writer;

pub(super) use self::conn::Conn;
pub(super) use self::error::{Error, OptionalExtension, Result};
pub(super) use self::row::{Column, Row};
pub(super) use self::value::{ToValue, Value, ValueRef, params};
