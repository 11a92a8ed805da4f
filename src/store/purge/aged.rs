//! Purges by age: records that were deleted long ago, and old events.

use std::sync::Arc;

use super::permit::{Permit, Purge};
use super::responses::SavedResponses;
use super::traces::with_belongings;
use crate::model::caller::Caller;
use crate::model::contact::{ContactId, ContactRef};
use crate::model::customer::{CustomerId, CustomerRef};
use crate::model::event::Actor;
use crate::model::onboarding::{OnboardingId, OnboardingRef};
use crate::model::values::id::Id;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{Workspace, WorkspaceNo};
use crate::store::engine::{self, Row, params};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::tx::Tx;
use crate::store::workspaces;
use crate::store::write_scope::WriteScope;

/// How many records are looked up together.
const LOOKED_UP: u32 = 200;
/// How many records a transaction purges. Each can have many events.
const RECORDS: usize = 10;
/// How many events a transaction deletes.
const EVENTS: u32 = 200;

/// Deleted records that are to be purged.
#[derive(Clone, Debug)]
pub struct DueRecords {
    records: Vec<DueRecord>,
    responses: Arc<SavedResponses>,
}

/// Some records of one workspace: few enough for a transaction.
#[derive(Clone, Debug)]
pub struct DuePart {
    workspace: WorkspaceNo,
    due: DueRecords,
}

impl DueRecords {
    pub fn parts(&self) -> impl Iterator<Item = DuePart> + '_ {
        let is_same = |one: &DueRecord, other: &DueRecord| one.workspace.no == other.workspace.no;
        let parts = self.records.chunk_by(is_same).flat_map(|records| records.chunks(RECORDS));
        parts.filter_map(|records| {
            let due = Self { records: records.to_vec(), responses: Arc::clone(&self.responses) };
            Some(DuePart { workspace: records.first()?.workspace.no, due })
        })
    }
}

impl DuePart {
    /// What purging the records touches.
    pub fn scope(&self) -> WriteScope {
        WriteScope::Workspace(self.workspace)
    }
}

#[derive(Clone, Debug)]
struct DueRecord {
    workspace: Workspace,
    record: Record,
}

#[derive(Clone, Debug)]
enum Record {
    Customer(CustomerId),
    Contact(ContactId),
    Onboarding(OnboardingId),
}

impl Reader<'_> {
    /// Returns some of the records that were deleted before a time.
    pub fn due_records(&self, before: Timestamp) -> Result<DueRecords, StoreError> {
        let mut due = Vec::new();
        // Purging a customer purges its contacts and onboardings.
        for (table, tombstones) in [
            ("customers", "r.deleted_at IS NOT NULL"),
            ("contacts", "r.deleted_at IS NOT NULL"),
            ("onboardings", "(r.deleted_at IS NOT NULL OR r.customer_deleted_at IS NOT NULL)"),
        ] {
            let sql = format!(
                "SELECT r.id, {} FROM {table} AS r JOIN workspaces AS w ON w.no = r.workspace_no
                 WHERE {tombstones} AND r.deleted_at < ?1 AND NOT {} LIMIT ?2",
                workspaces::COLUMNS,
                workspaces::IS_DISCARDED,
            );
            let mut statement = self.conn.prepare_cached(&sql)?;
            let read = |row: &Row<'_>| {
                let id: String = row.get(0)?;
                let record = match table {
                    "customers" => Record::Customer(Id::from_stored(id)),
                    "contacts" => Record::Contact(Id::from_stored(id)),
                    _ => Record::Onboarding(Id::from_stored(id)),
                };
                Ok(DueRecord { workspace: workspaces::from_row(row)?, record })
            };
            for record in statement.query_map(params![before.as_micros(), LOOKED_UP], read)? {
                due.push(record?);
            }
            if !due.is_empty() {
                break;
            }
        }
        due.sort_by_key(|record: &DueRecord| record.workspace.no.0);
        let mut ids = Vec::new();
        for DueRecord { record, .. } in &due {
            ids.extend(match record {
                Record::Customer(id) => with_belongings(self.conn, id),
                Record::Contact(id) => with_belongings(self.conn, id),
                Record::Onboarding(id) => with_belongings(self.conn, id),
            }?);
        }
        let responses = Arc::new(SavedResponses::search(self.conn, ids)?);
        Ok(DueRecords { records: due, responses })
    }
}

impl Tx<'_> {
    /// Purges records. Leaves out those that are already gone, and returns whether any was there.
    pub fn purge_due(&self, part: &DuePart) -> Result<bool, StoreError> {
        let mut any = false;
        let responses = &part.due.responses;
        for DueRecord { workspace, record } in &part.due.records {
            // It may have been deleted since the read, or reset by test control: then its number
            // has changed, and the records are gone.
            let found = self.workspace(&workspace.slug)?;
            let Some(workspace) = found.filter(|found| found.no == part.workspace) else {
                continue;
            };
            let caller = Caller { workspace, actor: Actor::system(), livemode: true };
            let tx = self.for_caller(&caller);
            let purged = match record {
                Record::Customer(id) => tx.purge_customer(&CustomerRef::Id(id.clone()), responses),
                Record::Contact(id) => tx.purge_contact(&ContactRef::Id(id.clone()), responses),
                Record::Onboarding(id) => {
                    tx.purge_onboarding(&OnboardingRef::Id(id.clone()), responses)
                }
            };
            match purged {
                Ok(_) => any = true,
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(any)
    }

    /// Deletes some of a workspace's events before a time, with their deliveries, and returns
    /// whether there may be more. An event stays while a delivery of it is waiting.
    pub fn purge_events(
        &self,
        workspace: WorkspaceNo,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        let events = self.old_events(workspace, before)?;
        if !events.is_empty() {
            self.delete_events(workspace, before, &events)?;
        }
        Ok(!events.is_empty())
    }

    fn old_events(
        &self,
        workspace: WorkspaceNo,
        before: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT id FROM events AS e
                   WHERE workspace_no = ?1 AND created_at < ?2 AND NOT EXISTS (
                       SELECT 1 FROM webhook_deliveries AS d
                       WHERE d.event_id = e.id AND d.status = 'pending')
                   ORDER BY created_at LIMIT ?3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement
            .query_map(params![workspace.0, before.as_micros(), EVENTS], |row| row.get(0))?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    fn delete_events(
        &self,
        workspace: WorkspaceNo,
        before: Timestamp,
        events: &[String],
    ) -> Result<(), StoreError> {
        let (purge, actor) = (Purge::Events(before), Actor::system());
        let permit = Permit::for_new(self.conn, workspace, &purge, &actor, self.now)?;
        // One row for all batches, which keeps the time of the last one. Its number is new: a pass
        // over the file that began before it must not finish it.
        let sql = "DELETE FROM purges WHERE resource = 'events' AND workspace_no = ?1 AND no <> ?2";
        self.conn.prepare_cached(sql)?.execute([workspace.0, permit.no()])?;
        for id in events {
            for sql in [
                "DELETE FROM webhook_attempts WHERE delivery_no IN (
                     SELECT no FROM webhook_deliveries WHERE event_id = ?1)",
                "DELETE FROM webhook_deliveries WHERE event_id = ?1",
                "DELETE FROM events WHERE id = ?1",
            ] {
                self.conn.prepare_cached(sql)?.execute([id])?;
            }
        }
        permit.give_back()
    }
}
