//! The answers that are kept for retries.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::tx::{Tx, WorkspaceTx};
use crate::model::idempotency::{KeptAnswer, Retry};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;

/// How long an answer is kept.
const RETENTION_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What is known of a request.
pub enum Replay {
    /// The same request was answered before.
    Response(KeptAnswer),
    /// The key was used with another body.
    BodyMismatch,
}

fn find_replay(
    conn: &Connection,
    workspace: WorkspaceNo,
    retry: &Retry,
    now: Timestamp,
) -> Result<Option<Replay>, StoreError> {
    let sql = "SELECT body_digest, status, location, body FROM idempotency_keys
               WHERE workspace_no = ?1 AND endpoint = ?2 AND key = ?3 AND created_at > ?4";
    let since = now.plus_millis(-RETENTION_MILLIS);
    let mut statement = conn.prepare_cached(sql)?;
    let found = statement
        .query_row(params![workspace.0, retry.endpoint, retry.key, since.as_micros()], |row| {
            let digest: [u8; 32] = row.get(0)?;
            if digest != retry.body {
                return Ok(Replay::BodyMismatch);
            }
            let status = row.get(1)?;
            Ok(Replay::Response(KeptAnswer { status, location: row.get(2)?, body: row.get(3)? }))
        })
        .optional()?;
    Ok(found)
}

impl WorkspaceReader<'_> {
    /// What is known of a request at `now`.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn find_replay(&self, retry: &Retry, now: Timestamp) -> Result<Option<Replay>, StoreError> {
        find_replay(self.conn, self.workspace, retry, now)
    }
}

impl WorkspaceTx<'_> {
    /// What is known of a request, seen from within the transaction that would answer it.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn find_replay(&self, retry: &Retry) -> Result<Option<Replay>, StoreError> {
        find_replay(self.conn, self.workspace(), retry, self.now)
    }

    /// Keeps the answer to a request together with what the request changed.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn save_response(&self, retry: &Retry, answer: &KeptAnswer) -> Result<(), StoreError> {
        // The row that may stand there is older than a day, else the request was not run again.
        let sql = "INSERT OR REPLACE INTO idempotency_keys
                       (workspace_no, endpoint, key, body_digest, status, location, body, created_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        self.conn.prepare_cached(sql)?.execute(params![
            self.workspace().0,
            retry.endpoint,
            retry.key,
            retry.body,
            answer.status,
            answer.location,
            answer.body,
            self.now.as_micros(),
        ])?;
        Ok(())
    }
}

impl Tx<'_> {
    /// Removes at most `most` answers that are no longer kept, and tells whether there may be more.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn delete_expired_responses(&self, most: u32) -> Result<bool, StoreError> {
        let sql = "DELETE FROM idempotency_keys WHERE rowid IN (
                       SELECT rowid FROM idempotency_keys WHERE created_at <= ?1
                       ORDER BY created_at LIMIT ?2)";
        let until = self.now.plus_millis(-RETENTION_MILLIS);
        let gone = self.conn.prepare_cached(sql)?.execute(params![until.as_micros(), most])?;
        Ok(gone >= most as usize)
    }
}
