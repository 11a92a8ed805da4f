//! What can be changed, in a transaction that the store commits. Each use case is one method; those
//! of a resource live in the module of the resource.

use rusqlite::Connection;

use super::error::StoreError;
use super::reader::WorkspaceReader;
use crate::model::caller::Caller;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;

/// Changes what belongs to no workspace, or to all of them.
pub struct Tx<'c> {
    pub(super) conn: &'c Connection,
    pub(super) now: Timestamp,
}

/// Changes the resources of a caller's workspace, and no others. The events of the changes name the
/// caller.
pub struct WorkspaceTx<'c> {
    pub(super) conn: &'c Connection,
    pub(super) now: Timestamp,
    pub(super) caller: &'c Caller,
}

impl Tx<'_> {
    /// The same transaction for the resources of a caller's workspace.
    pub fn for_caller<'t>(&'t self, caller: &'t Caller) -> WorkspaceTx<'t> {
        WorkspaceTx { conn: self.conn, now: self.now, caller }
    }

    /// When the change happens.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Writes to the file for the sake of writing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn probe(&self) -> Result<(), StoreError> {
        let sql = "INSERT INTO health (id, checked_at) VALUES (1, ?1)
                   ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at";
        self.conn.prepare_cached(sql)?.execute([self.now.as_micros()])?;
        Ok(())
    }
}

impl WorkspaceTx<'_> {
    /// Reads, with what the transaction has changed so far.
    pub fn reader(&self) -> WorkspaceReader<'_> {
        WorkspaceReader { conn: self.conn, workspace: self.workspace() }
    }

    pub(super) fn workspace(&self) -> WorkspaceNo {
        self.caller.workspace.no
    }
}
