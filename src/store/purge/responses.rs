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
    /// The row numbers by the IDs of the records that were searched for. A response is saved with
    /// its record, so there are never more for a record that existed.
    rows: HashMap<String, Vec<i64>>,
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
        let sql = "SELECT rowid, location FROM idempotency_keys NOT INDEXED";
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let location: Option<String> = row.get(1)?;
            if let Some(numbers) =
                location.as_deref().and_then(record).and_then(|id| found.rows.get_mut(id))
            {
                numbers.push(row.get(0)?);
            }
        }
        Ok(found)
    }

    /// Returns the row numbers of the responses with these records that are there now.
    pub(super) fn of(
        &self,
        conn: Conn<'_>,
        workspace: WorkspaceNo,
        records: &HashSet<&str>,
    ) -> Result<Vec<i64>, StoreError> {
        // Created since the search.
        let new = records.iter().filter(|id| !self.rows.contains_key(**id));
        let new = Self::search(conn, new.map(|&id| id.to_owned()))?;
        let sql = "SELECT location FROM idempotency_keys WHERE rowid = ?1 AND workspace_no = ?2";
        let mut statement = conn.prepare_cached(sql)?;
        let mut found = Vec::new();
        for (id, number) in records.iter().flat_map(|&id| {
            let numbers = self.rows.get(id).or_else(|| new.rows.get(id));
            numbers.into_iter().flatten().map(move |&number| (id, number))
        }) {
            // The number of a row that has expired can be that of another one.
            let read = |row: &Row<'_>| row.get::<_, Option<String>>(0);
            let location = statement.query_row(params![number, workspace.0], read).optional()?;
            if location.flatten().as_deref().and_then(record) == Some(id) {
                found.push(number);
            }
        }
        Ok(found)
    }
}

/// The `Location` of a response ends with the ID of the record in its body.
fn record(location: &str) -> Option<&str> {
    location.rsplit('/').next()
}
