//! Saved responses for retries with an idempotency key.

use std::collections::BTreeMap;

use super::error::StoreError;
use super::reader::{Reader, WorkspaceReader};
use super::tx::{Tx, WorkspaceTx};
use crate::model::idempotency::{IdempotentRequest, SavedResponse};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{Conn, OptionalExtension, params};

/// How long a response is kept.
const RETENTION_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What the store knows about an idempotency key.
pub enum Replay {
    /// The same request was already processed, with this response.
    Response(SavedResponse),
    /// The key was already used with a different body.
    BodyMismatch,
}

fn find_replay(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    retry: &IdempotentRequest,
    now: Timestamp,
) -> Result<Option<Replay>, StoreError> {
    let sql = "SELECT body_digest, status, location, body FROM idempotency_keys
               WHERE workspace_no = ?1 AND endpoint = ?2 AND key = ?3 AND created_at > ?4";
    let mut statement = conn.prepare_cached(sql)?;
    let found = statement
        .query_row(params![workspace.0, retry.endpoint, retry.key, expired_at(now)], |row| {
            let digest: [u8; 32] = row.get(0)?;
            if digest != retry.body_digest {
                return Ok(Replay::BodyMismatch);
            }
            let status = row.get(1)?;
            Ok(Replay::Response(SavedResponse { status, location: row.get(2)?, body: row.get(3)? }))
        })
        .optional()?;
    Ok(found)
}

impl WorkspaceReader<'_> {
    /// Looks up an earlier request with the same idempotency key.
    pub fn find_replay(
        &self,
        retry: &IdempotentRequest,
        now: Timestamp,
    ) -> Result<Option<Replay>, StoreError> {
        find_replay(self.conn, self.workspace, retry, now)
    }
}

impl WorkspaceTx<'_> {
    /// Looks up an earlier request with the same idempotency key, within the transaction that would
    /// process this one.
    pub fn find_replay(&self, retry: &IdempotentRequest) -> Result<Option<Replay>, StoreError> {
        find_replay(self.conn, self.workspace(), retry, self.now)
    }

    /// Saves the response to a request in the same transaction as the request's changes.
    pub fn save_response(
        &self,
        retry: &IdempotentRequest,
        response: &SavedResponse,
    ) -> Result<(), StoreError> {
        // A row that is already there is older than a day; otherwise the request would not run
        // again.
        let sql = "INSERT INTO idempotency_keys
                       (workspace_no, endpoint, key, body_digest, status, location, body, created_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT (workspace_no, endpoint, key) DO UPDATE SET
                       body_digest = excluded.body_digest, status = excluded.status,
                       location = excluded.location, body = excluded.body,
                       created_at = excluded.created_at";
        self.conn.prepare_cached(sql)?.execute(params![
            self.workspace().0,
            retry.endpoint,
            retry.key,
            retry.body_digest,
            response.status,
            response.location,
            response.body,
            self.now.as_micros(),
        ])?;
        Ok(())
    }
}

/// Expired responses of one workspace.
#[derive(Clone, Debug)]
pub struct ExpiredResponses {
    pub workspace: WorkspaceNo,
    /// Their endpoints and idempotency keys.
    responses: Vec<(String, Vec<u8>)>,
}

impl Reader<'_> {
    /// Returns up to `limit` expired responses.
    pub fn expired_responses(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ExpiredResponses>, StoreError> {
        let sql = "SELECT workspace_no, endpoint, key FROM idempotency_keys WHERE created_at <= ?1
                   ORDER BY created_at LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![expired_at(now), limit])?;
        let mut by_workspace: BTreeMap<i64, Vec<(String, Vec<u8>)>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let response = (row.get(1)?, row.get(2)?);
            by_workspace.entry(row.get(0)?).or_default().push(response);
        }
        let expired = by_workspace
            .into_iter()
            .map(|(no, responses)| ExpiredResponses { workspace: WorkspaceNo(no), responses });
        Ok(expired.collect())
    }
}

impl Tx<'_> {
    /// Deletes expired responses, unless they have been replaced.
    pub fn delete_responses(&self, expired: &ExpiredResponses) -> Result<(), StoreError> {
        let sql = "DELETE FROM idempotency_keys
                   WHERE workspace_no = ?1 AND endpoint = ?2 AND key = ?3 AND created_at <= ?4";
        let mut statement = self.conn.prepare_cached(sql)?;
        let (no, until) = (expired.workspace.0, expired_at(self.now));
        for (endpoint, key) in &expired.responses {
            statement.execute(params![no, endpoint, key, until])?;
        }
        Ok(())
    }
}

/// The time of the last responses that are expired.
fn expired_at(now: Timestamp) -> i64 {
    now.plus_millis(-RETENTION_MILLIS).as_micros()
}
