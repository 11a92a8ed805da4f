//! SQLite: connections and pragmas, the writer, checkpoints, the schema, and damage detection.

pub(super) mod checkpoint_thread;
pub(super) mod checkpoints;
pub(super) mod damage;
pub(super) mod identity;
pub(super) mod key_cache;
pub(super) mod read_limit;
pub(super) mod read_only;
pub(super) mod reader_pool;
pub(super) mod schema;
pub(super) mod sqlite;
pub(super) mod unchecked;
pub(super) mod wal_growth;
pub(super) mod write_stats;
pub(super) mod writer;
