//! What the servers on a database have counted for limits, for each other. Only PostgreSQL has the
//! table, because a file has one server.

use std::time::Duration;

use super::engine::{self, params};
use super::error::StoreError;
use super::reader::Reader;
use super::tx::Tx;
use crate::model::values::time::Timestamp;

/// How long the counts of a server stay that publishes nothing.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// What a server has published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCounts {
    /// The name of the server.
    pub server: String,
    pub counts: String,
}

impl Reader<'_> {
    /// Returns what the servers other than this one have published.
    pub fn counts_of_others(&self, server: &str) -> Result<Vec<ServerCounts>, StoreError> {
        let sql = "SELECT server, counts FROM shared_counts WHERE server <> ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let counts = statement.query_map(params![server], |row| {
            Ok(ServerCounts { server: row.get(0)?, counts: row.get(1)? })
        })?;
        Ok(counts.collect::<engine::Result<_>>()?)
    }
}

impl Tx<'_> {
    /// Publishes the counts of a server, in place of those that it published before.
    pub fn publish_counts(&self, server: &str, counts: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO shared_counts (server, updated_at, counts) VALUES (?1, ?2, ?3)
                   ON CONFLICT (server) DO UPDATE
                       SET updated_at = excluded.updated_at, counts = excluded.counts";
        let now = self.now.as_micros();
        self.conn.prepare_cached(sql)?.execute(params![server, now, counts])?;
        Ok(())
    }

    /// Removes the counts of servers that have published nothing for an hour.
    pub fn remove_old_counts(&self) -> Result<(), StoreError> {
        let sql = "DELETE FROM shared_counts WHERE updated_at <= ?1";
        self.conn.prepare_cached(sql)?.execute([before(self.now)])?;
        Ok(())
    }
}

fn before(now: Timestamp) -> i64 {
    let kept = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
    now.as_micros().saturating_sub(kept)
}
