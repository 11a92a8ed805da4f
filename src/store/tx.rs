//! Write access, in a transaction that the store commits. Each use case is one method. The methods
//! for a resource are in that resource's module.

use super::error::StoreError;
use super::reader::WorkspaceReader;
use crate::model::caller::Caller;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::Conn;

/// Changes data that belongs to no workspace or to all of them.
pub struct Tx<'c> {
    pub(super) conn: Conn<'c>,
    pub(super) now: Timestamp,
}

/// Changes resources, only in the caller's workspace. The caller is recorded as the actor of the
/// resulting events.
pub struct WorkspaceTx<'c> {
    pub(super) conn: Conn<'c>,
    pub(super) now: Timestamp,
    pub(super) caller: &'c Caller,
    pub(super) recording: Recording,
}

/// What is recorded about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// Its events, which are also delivered.
    EventsAndDeliveries,
    /// Its events.
    Events,
    /// Nothing: the events are imported, too.
    Nothing,
}

impl Tx<'_> {
    pub fn for_caller<'t>(&'t self, caller: &'t Caller) -> WorkspaceTx<'t> {
        self.with_recording(caller, Recording::EventsAndDeliveries)
    }

    pub(super) fn with_recording<'t>(
        &'t self,
        caller: &'t Caller,
        recording: Recording,
    ) -> WorkspaceTx<'t> {
        WorkspaceTx { conn: self.conn, now: self.now, caller, recording }
    }

    /// The time at which the change is made.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Writes a row only to find out whether the database can be written to.
    pub fn probe(&self) -> Result<(), StoreError> {
        let sql = "INSERT INTO health (id, checked_at) VALUES (1, ?1)
                   ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at";
        self.conn.prepare_cached(sql)?.execute([self.now.as_micros()])?;
        Ok(())
    }
}

impl Tx<'_> {
    /// Updates the planner's statistics after many rows were inserted. PostgreSQL does so by itself,
    /// but until then, the rows of a large import can take a hundred times as long.
    pub fn refresh_statistics(&self) -> Result<(), StoreError> {
        let tables = ["customers", "contacts", "onboardings", "events", "slug_runs"];
        Ok(self.conn.analyze(&tables)?)
    }
}

impl WorkspaceTx<'_> {
    /// Returns a reader that sees the changes made so far in this transaction.
    pub fn reader(&self) -> WorkspaceReader<'_> {
        WorkspaceReader { conn: self.conn, workspace: self.workspace() }
    }

    pub(super) fn workspace(&self) -> WorkspaceNo {
        self.caller.workspace.no
    }
}
