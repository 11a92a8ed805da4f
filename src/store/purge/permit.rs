//! The rows of `purges`, and the permission to delete events that they give.

use crate::model::event::Actor;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{Conn, params};
use crate::store::error::StoreError;
use crate::store::reader::Reader;

/// What a purge is about.
pub(super) enum Purge<'p> {
    /// A record or a workspace: the name of its type, and its ID.
    Named(&'static str, &'p str),
    /// The events of a workspace before a time.
    Events(Timestamp),
}

/// The permission to delete the events that a purge names, until it is returned. A transaction
/// can't commit before that.
#[must_use]
pub(super) struct Permit<'c> {
    conn: Conn<'c>,
    no: i64,
}

impl<'c> Permit<'c> {
    /// Adds a row for a purge.
    pub fn for_new(
        conn: Conn<'c>,
        workspace: WorkspaceNo,
        purge: &Purge<'_>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (resource, id, before) = match purge {
            Purge::Named(resource, id) => (*resource, Some(*id), None),
            Purge::Events(before) => ("events", None, Some(before.as_micros())),
        };
        let sql = "INSERT INTO purges (workspace_no, resource, resource_id, events_before,
                       purged_at, actor_type, actor_id, open)
                   VALUES (?, ?, ?, ?, ?, ?, ?, 0) RETURNING no";
        let no = conn.prepare_cached(sql)?.query_row(
            params![
                workspace.0,
                resource,
                id,
                before,
                now.as_micros(),
                <&str>::from(actor.kind),
                actor.id,
            ],
            |row| row.get(0),
        )?;
        Ok(Self { conn, no })
    }

    /// Continues a purge that takes several transactions.
    pub fn for_unfinished(conn: Conn<'c>, no: i64) -> Result<Self, StoreError> {
        conn.prepare_cached("UPDATE purges SET open = 0 WHERE no = ?1")?.execute([no])?;
        Ok(Self { conn, no })
    }

    /// The number of the row.
    pub fn no(&self) -> i64 {
        self.no
    }

    /// Ends the permission. Foreign keys must be on.
    pub fn give_back(self) -> Result<(), StoreError> {
        let sql = "UPDATE purges SET open = NULL WHERE no = ?1";
        self.conn.prepare_cached(sql)?.execute([self.no])?;
        Ok(())
    }
}

impl Reader<'_> {
    /// Returns when the record or workspace with this ID was purged.
    pub fn purged_at(&self, id: &str) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(purged_at) FROM purges WHERE resource_id = ?1";
        let time: Option<i64> = self.conn.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
        Ok(time.map(Timestamp::from_micros))
    }
}
