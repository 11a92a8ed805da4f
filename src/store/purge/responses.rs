//! Finds saved responses. There is no index of the records in them, because it would make every
//! request with an idempotency key more expensive, and responses are kept for only a day.

use std::collections::{HashMap, HashSet};

use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{Conn, OptionalExtension, Row, params};
use crate::store::error::StoreError;

/// The saved responses about some records. Search for them before the transaction that purges: with
/// many responses, it takes longer than requests should wait to write.
#[derive(Clone, Debug, Default)]
pub struct SavedResponses {
    /// The keys of the rows, by the IDs of the records that were searched for. A response is saved
    /// with its record, so there are never more for a record that existed.
    rows: HashMap<String, Vec<ResponseKey>>,
}

/// What identifies a saved response of a workspace.
#[derive(Clone, Debug)]
pub(super) struct ResponseKey {
    endpoint: String,
    key: Vec<u8>,
}

impl ResponseKey {
    pub fn delete(&self, conn: Conn<'_>, workspace: WorkspaceNo) -> Result<(), StoreError> {
        let sql = "DELETE FROM idempotency_keys
                   WHERE workspace_no = ?1 AND endpoint = ?2 AND key = ?3";
        let values = params![workspace.0, self.endpoint, self.key];
        conn.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

impl SavedResponses {
    /// Reads all saved responses, in the order of the table, to find those with these records.
    pub(super) fn search(
        conn: Conn<'_>,
        records: impl IntoIterator<Item = String>,
    ) -> Result<Self, StoreError> {
        let mut found = Self { rows: records.into_iter().map(|id| (id, Vec::new())).collect() };
        if found.rows.is_empty() {
            return Ok(found);
        }
        let sql = "SELECT location, endpoint, key FROM idempotency_keys";
        let mut statement = conn.prepare_batched(sql)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let location: Option<String> = row.get(0)?;
            if let Some(keys) =
                location.as_deref().and_then(record).and_then(|id| found.rows.get_mut(id))
            {
                keys.push(ResponseKey { endpoint: row.get(1)?, key: row.get(2)? });
            }
        }
        Ok(found)
    }

    /// Returns the keys of the responses with these records that are there now.
    pub(super) fn of(
        &self,
        conn: Conn<'_>,
        workspace: WorkspaceNo,
        records: &HashSet<&str>,
    ) -> Result<Vec<ResponseKey>, StoreError> {
        // Created since the search.
        let new = records.iter().filter(|id| !self.rows.contains_key(**id));
        let new = Self::search(conn, new.map(|&id| id.to_owned()))?;
        let sql = "SELECT location FROM idempotency_keys
                   WHERE workspace_no = ?1 AND endpoint = ?2 AND key = ?3";
        let mut statement = conn.prepare_cached(sql)?;
        let mut found = Vec::new();
        for (id, key) in records.iter().flat_map(|&id| {
            let keys = self.rows.get(id).or_else(|| new.rows.get(id));
            keys.into_iter().flatten().map(move |key| (id, key))
        }) {
            // A key that has expired can be used again.
            let read = |row: &Row<'_>| row.get::<_, Option<String>>(0);
            let values = params![workspace.0, key.endpoint, key.key];
            let location = statement.query_row(values, read).optional()?;
            if location.flatten().as_deref().and_then(record) == Some(id) {
                found.push(key.clone());
            }
        }
        Ok(found)
    }
}

/// The `Location` of a response ends with the ID of the record in its body.
fn record(location: &str) -> Option<&str> {
    location.rsplit('/').next()
}
