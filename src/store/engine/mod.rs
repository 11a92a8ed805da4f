//! SQLite: connections and pragmas, the writer, checkpoints, the schema, damage.

pub(super) mod checkpointer;
pub(super) mod checkpoints;
pub(super) mod damage;
pub(super) mod identity;
pub(super) mod known_keys;
pub(super) mod limit;
pub(super) mod read_only;
pub(super) mod readers;
pub(super) mod schema;
pub(super) mod sqlite;
pub(super) mod wal_growth;
pub(super) mod writer;
