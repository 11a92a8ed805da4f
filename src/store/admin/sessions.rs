//! The sessions of the admin pages. Every server on the database reads them with each request, so a
//! session that one of them has ended is not open anywhere.

use std::time::Duration;

use crate::model::values::id::Id;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceId;
use crate::store::engine::{self, OptionalExtension, Row, params};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::tx::Tx;

/// The most sessions. One admin needs only a few.
const MAX_SESSIONS: u32 = 1_000;

const COLUMNS: &str =
    "token, id, password_set_at, signed_in_at, last_seen_at, address, device, workspace_id";

/// A session, open or about to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminSession {
    /// The digest of its token.
    pub token: [u8; 32],
    /// Its name on the pages.
    pub id: String,
    /// When the password that it was opened with was set.
    pub password_set_at: Timestamp,
    pub signed_in_at: Timestamp,
    /// Its last request, or an earlier one.
    pub last_seen_at: Timestamp,
    /// The address and the browser of its last request.
    pub address: String,
    pub device: String,
    /// The current workspace; `None` means the first one.
    pub workspace: Option<WorkspaceId>,
}

/// What a session is opened with.
#[derive(Clone, Debug)]
pub struct NewAdminSession {
    pub token: [u8; 32],
    pub id: String,
    pub password_set_at: Timestamp,
    pub address: String,
    pub device: String,
    pub workspace: Option<WorkspaceId>,
}

impl AdminSession {
    /// How long a session lasts, even if it is never idle.
    pub const MAX_AGE: Duration = Duration::from_secs(12 * 60 * 60);
}

fn read(row: &Row<'_>) -> engine::Result<AdminSession> {
    Ok(AdminSession {
        token: row.get(0)?,
        id: row.get(1)?,
        password_set_at: Timestamp::from_micros(row.get(2)?),
        signed_in_at: Timestamp::from_micros(row.get(3)?),
        last_seen_at: Timestamp::from_micros(row.get(4)?),
        address: row.get(5)?,
        device: row.get(6)?,
        workspace: row.get::<_, Option<String>>(7)?.map(Id::from_stored),
    })
}

impl Reader<'_> {
    /// Returns the session with this token, given by its digest.
    pub fn admin_session(&self, token: &[u8; 32]) -> Result<Option<AdminSession>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM admin_sessions WHERE token = ?1");
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_row(params![token], read).optional()?)
    }

    /// Returns all sessions.
    pub fn admin_sessions(&self) -> Result<Vec<AdminSession>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM admin_sessions");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let sessions = statement.query_map((), read)?;
        Ok(sessions.collect::<engine::Result<_>>()?)
    }

    /// Returns whether there is anything that [`Tx::remove_ended_sessions`] would remove.
    pub fn has_ended_sessions(&self, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM admin_sessions WHERE signed_in_at <= ?1
                   UNION ALL SELECT 1 FROM admin_submissions WHERE submitted_at <= ?1";
        Ok(self.conn.prepare_cached(sql)?.exists([last_removed(now)])?)
    }
}

impl Tx<'_> {
    /// Opens a session, in place of the one with the token `replaced`, if any. If there are too many
    /// sessions, those end that were idle longest.
    pub fn open_session(
        &self,
        new: &NewAdminSession,
        replaced: Option<&[u8; 32]>,
    ) -> Result<(), StoreError> {
        if let Some(token) = replaced {
            self.close_session(token)?;
        }
        let sql = "DELETE FROM admin_sessions WHERE token NOT IN
                       (SELECT token FROM admin_sessions ORDER BY last_seen_at DESC LIMIT ?1)";
        self.conn.prepare_cached(sql)?.execute([MAX_SESSIONS - 1])?;
        let sql = format!(
            "INSERT INTO admin_sessions ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7)"
        );
        self.conn.prepare_cached(&sql)?.execute(params![
            new.token,
            new.id,
            new.password_set_at.as_micros(),
            self.now.as_micros(),
            new.address,
            new.device,
            new.workspace.as_ref().map(WorkspaceId::as_str),
        ])?;
        Ok(())
    }

    /// Records a request of a session. Does nothing if it has ended.
    pub fn see_session(
        &self,
        token: &[u8; 32],
        address: &str,
        device: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE admin_sessions SET last_seen_at = ?2, address = ?3, device = ?4
                   WHERE token = ?1";
        let now = self.now.as_micros();
        self.conn.prepare_cached(sql)?.execute(params![token, now, address, device])?;
        Ok(())
    }

    /// Sets the current workspace of a session.
    pub fn set_session_workspace(
        &self,
        token: &[u8; 32],
        workspace: &WorkspaceId,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE admin_sessions SET workspace_id = ?2 WHERE token = ?1";
        self.conn.prepare_cached(sql)?.execute(params![token, workspace.as_str()])?;
        Ok(())
    }

    /// Ends the session with this token.
    pub fn close_session(&self, token: &[u8; 32]) -> Result<(), StoreError> {
        let sql = "DELETE FROM admin_sessions WHERE token = ?1";
        self.conn.prepare_cached(sql)?.execute(params![token])?;
        Ok(())
    }

    /// Ends the session with this ID. Returns false if it had already ended.
    pub fn end_session(&self, id: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM admin_sessions WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.execute(params![id])? > 0)
    }

    /// Ends all sessions except that with this token.
    pub fn end_other_sessions(&self, token: &[u8; 32]) -> Result<(), StoreError> {
        let sql = "DELETE FROM admin_sessions WHERE token <> ?1";
        self.conn.prepare_cached(sql)?.execute(params![token])?;
        Ok(())
    }

    /// Removes the sessions that are so old that they have certainly ended, and the forms that they
    /// submitted.
    pub fn remove_ended_sessions(&self) -> Result<(), StoreError> {
        let before = [last_removed(self.now)];
        let sql = "DELETE FROM admin_sessions WHERE signed_in_at <= ?1";
        self.conn.prepare_cached(sql)?.execute(before)?;
        let sql = "DELETE FROM admin_submissions WHERE submitted_at <= ?1";
        self.conn.prepare_cached(sql)?.execute(before)?;
        Ok(())
    }
}

/// Returns when the last sessions were opened that can be removed. They last half as long, so a clock
/// that is set ends none of them early, unless by half a day.
fn last_removed(now: Timestamp) -> i64 {
    let kept = i64::try_from(2 * AdminSession::MAX_AGE.as_micros()).unwrap_or(i64::MAX);
    now.as_micros().saturating_sub(kept)
}
