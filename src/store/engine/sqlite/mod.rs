//! SQLite: connections and pragmas, the writer, checkpoints, the schema, and damage detection.

pub(in crate::store) mod checkpoint_thread;
pub(in crate::store) mod checkpoints;
pub(in crate::store) mod connection;
pub(in crate::store) mod damage;
pub(in crate::store) mod database;
pub(in crate::store) mod identity;
pub(in crate::store) mod key_cache;
pub(in crate::store) mod limited_connection;
pub(in crate::store) mod read_only;
pub(in crate::store) mod reader_pool;
pub(in crate::store) mod schema;
pub(in crate::store) mod wal_growth;
pub(in crate::store) mod writer;
