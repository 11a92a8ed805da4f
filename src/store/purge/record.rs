//! Purges customers, contacts, and onboardings.

use serde_json::json;

use super::permit::{Permit, Purge};
use super::responses::SavedResponses;
use super::traces::{Purgeable, Traces, event_ids};
use crate::model::contact::ContactRef;
use crate::model::customer::CustomerRef;
use crate::model::event::EventType;
use crate::model::onboarding::{Onboarding, OnboardingRef};
use crate::model::purge::PurgedRecord;
use crate::model::values::id::{Id, Ref};
use crate::store::engine::params;
use crate::store::engine::unchecked::Unchecked;
use crate::store::error::StoreError;
use crate::store::rows::live;
use crate::store::rows::record::Subject;
use crate::store::tx::{Recording, WorkspaceTx};

impl WorkspaceTx<'_> {
    /// Erases a customer, deleted or not, with its contacts and onboardings, and everything that was
    /// recorded about them. Follow up with [`Store::erase`](crate::store::Store::erase), which
    /// overwrites what remains in the file. Pass the responses of a preview, or those that are not in
    /// it are searched for.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it never existed or was purged.
    pub fn purge_customer(
        &self,
        id_ref: &CustomerRef,
        responses: &SavedResponses,
    ) -> Result<PurgedRecord, StoreError> {
        self.purge(id_ref, responses, Some(EventType::CustomerPurged), |tx, id_ref| {
            tx.delete_customer(id_ref).map(drop)
        })
    }

    /// Erases a contact. See [`WorkspaceTx::purge_customer`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it never existed or was purged.
    pub fn purge_contact(
        &self,
        id_ref: &ContactRef,
        responses: &SavedResponses,
    ) -> Result<PurgedRecord, StoreError> {
        self.purge(id_ref, responses, Some(EventType::ContactPurged), |tx, id_ref| {
            tx.delete_contact(id_ref).map(drop)
        })
    }

    /// Erases an onboarding. See [`WorkspaceTx::purge_customer`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it never existed or was purged.
    pub fn purge_onboarding(
        &self,
        id_ref: &OnboardingRef,
        responses: &SavedResponses,
    ) -> Result<PurgedRecord, StoreError> {
        self.purge(id_ref, responses, None, |tx, id_ref: &Ref<Onboarding>| {
            tx.delete_onboarding(id_ref).map(drop)
        })
    }

    fn purge<R: Purgeable>(
        &self,
        id_ref: &Ref<R>,
        responses: &SavedResponses,
        event: Option<EventType>,
        delete: impl FnOnce(&Self, &Ref<R>) -> Result<(), StoreError>,
    ) -> Result<PurgedRecord, StoreError> {
        let found = live::find_including_deleted(self.conn, self.workspace(), id_ref)?;
        if found.deleted_at.is_none() {
            // Frees its slug, for example. The event would be purged at once.
            let silent = Self { recording: Recording::Nothing, ..*self };
            delete(&silent, &Ref::Id(found.id.clone()))?;
        }
        let traces = Traces::find(self.conn, self.workspace(), &found.id, responses)?;
        // Snapshots contain the rows as they were.
        self.forget_snapshots()?;
        let purge = Purge::Named(<&str>::from(R::TYPE), found.id.as_str());
        let (workspace, actor) = (self.workspace(), &self.caller.actor);
        let permit = Permit::for_new(self.conn, workspace, &purge, actor, self.now)?;
        self.delete_rows(&found.id, &traces)?;
        permit.give_back()?;
        if let Some(event) = event {
            let subject =
                Subject { resource: R::TYPE, resource_id: found.id.as_str(), customer_id: None };
            let object = json!({
                "object": <&str>::from(R::TYPE),
                "id": found.id,
                "display_id": found.display_id,
            });
            self.record(&[event], &subject, &object.to_string(), None, None)?;
        }
        Ok(PurgedRecord {
            resource: R::TYPE,
            id: Id::from_stored(found.id.as_str().to_owned()),
            display_id: found.display_id,
            deleted_at: found.deleted_at,
            counts: traces.counts,
        })
    }

    fn delete_rows<R: Purgeable>(&self, id: &Id<R>, traces: &Traces) -> Result<(), StoreError> {
        let _unchecked = Unchecked::references(self.conn)?;
        let events = event_ids::<R>();
        let deliveries = format!("SELECT no FROM webhook_deliveries WHERE event_id IN ({events})");
        for sql in [
            format!("DELETE FROM webhook_attempts WHERE delivery_no IN ({deliveries})"),
            format!("DELETE FROM webhook_deliveries WHERE event_id IN ({events})"),
            format!("DELETE FROM events WHERE {}", R::EVENTS),
        ] {
            self.conn.prepare_cached(&sql)?.execute([id])?;
        }
        for response in &traces.responses {
            response.delete(self.conn, self.workspace())?;
        }
        for (table, ids) in [("contacts", &traces.contacts), ("onboardings", &traces.onboardings)] {
            let sql = format!("DELETE FROM {table} WHERE id = ?1");
            let mut statement = self.conn.prepare_cached(&sql)?;
            for id in ids {
                statement.execute(params![id])?;
            }
        }
        let sql = format!("DELETE FROM {} WHERE id = ?1", R::TABLE);
        self.conn.prepare_cached(&sql)?.execute([id])?;
        Ok(())
    }
}
