//! What follows from importing a resource of each type.

use super::existing::{Owner, owner};
use super::resources::Importable;
use super::scope::Scope;
use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::event::{self, EventType};
use crate::model::onboarding::Onboarding;
use crate::model::values::id::Ref;
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::store::contacts::NO_REPEAT;
use crate::store::engine::params;
use crate::store::error::StoreError;
use crate::store::onboardings::phase_move;
use crate::store::rows::record::Change;
use crate::store::rows::resource::Columns;
use crate::store::tx::WorkspaceTx;

/// How the life of a resource changes when it is updated.
#[derive(Clone, Copy)]
pub(super) struct States {
    pub was_live: bool,
    /// When it is deleted, after the update.
    pub deleted_at: Option<Timestamp>,
    /// Whether the row has an ID. If not, the update has the effects of a PATCH.
    pub has_id: bool,
}

pub(super) trait Writable: Importable {
    /// Changes what is in conflict and can be chosen freely.
    fn avoid_conflicts(
        &mut self,
        _tx: &WorkspaceTx<'_>,
        _scope: &Scope<'_>,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn before_write(&self, _tx: &WorkspaceTx<'_>, _is_live: bool) -> Result<(), StoreError> {
        Ok(())
    }

    /// Columns that depend on the customer.
    fn columns_from_owner(&self, _owner: &Owner, _is_live: bool) -> Columns<'static> {
        Columns::new()
    }

    fn after_create(&self, _tx: &WorkspaceTx<'_>, _is_live: bool) -> Result<(), StoreError> {
        Ok(())
    }

    /// The events of an update, and what it writes in addition.
    fn update(&self, before: &Self) -> Change<'static>;

    fn after_update(
        &self,
        _tx: &WorkspaceTx<'_>,
        _before: &Self,
        _states: States,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Writable for Customer {
    /// A later row can mean a customer by its slug, so this one must not get it.
    fn avoid_conflicts(
        &mut self,
        tx: &WorkspaceTx<'_>,
        scope: &Scope<'_>,
    ) -> Result<(), StoreError> {
        let stem = self.slug.numbered_stem();
        self.slug = tx.find_free_slug(self.slug.clone())?;
        while scope.is_claimed(&self.slug)? {
            let Some(claims) = scope.all_claims else { break };
            let number = tx.find_free_number(&stem, claims.first_number(&stem)?)?;
            claims.pass_over(&stem, number)?;
            self.slug = Slug::numbered(&stem, number);
        }
        Ok(())
    }

    fn after_create(&self, tx: &WorkspaceTx<'_>, is_live: bool) -> Result<(), StoreError> {
        if is_live { tx.claim_slug_number(&self.slug) } else { Ok(()) }
    }

    fn update(&self, before: &Self) -> Change<'static> {
        Change { events: event::customer_update_events(before, self), ..Change::default() }
    }

    fn after_update(
        &self,
        tx: &WorkspaceTx<'_>,
        before: &Self,
        states: States,
    ) -> Result<(), StoreError> {
        let is_live = states.deleted_at.is_none();
        if states.was_live && (!is_live || before.slug != self.slug) {
            tx.release_slug_number(&before.slug)?;
        }
        if is_live && (!states.was_live || before.slug != self.slug) {
            tx.claim_slug_number(&self.slug)?;
        }
        if states.was_live != is_live {
            let sql = "UPDATE onboardings SET customer_deleted_at = ?1
                       WHERE customer_id = ?2 AND deleted_at IS NULL";
            let deleted_at = states.deleted_at.map(Timestamp::as_micros);
            tx.conn.prepare_cached(sql)?.execute(params![deleted_at, self.id])?;
        }
        if !states.has_id && self.churned_since(before) {
            tx.pause_onboardings(&self.id)?;
        }
        Ok(())
    }
}

impl Writable for Contact {
    fn before_write(&self, tx: &WorkspaceTx<'_>, is_live: bool) -> Result<(), StoreError> {
        if self.is_primary && is_live {
            tx.demote_other_primary(&self.customer_id, &self.id)?;
        }
        Ok(())
    }

    fn update(&self, before: &Self) -> Change<'static> {
        let columns = if self.email == before.email { Columns::new() } else { vec![NO_REPEAT] };
        Change { events: vec![EventType::ContactUpdated], phases: None, columns }
    }
}

impl Writable for Onboarding {
    fn columns_from_owner(&self, owner: &Owner, is_live: bool) -> Columns<'static> {
        let deleted_at = owner.deleted_at.filter(|_| is_live);
        match deleted_at {
            Some(time) => vec![("customer_deleted_at", time.as_micros().into())],
            None => Columns::new(),
        }
    }

    fn update(&self, before: &Self) -> Change<'static> {
        Change {
            events: event::onboarding_update_events(before, self),
            phases: phase_move(before, self),
            columns: Columns::new(),
        }
    }

    fn after_update(
        &self,
        tx: &WorkspaceTx<'_>,
        _: &Self,
        states: States,
    ) -> Result<(), StoreError> {
        if states.was_live == states.deleted_at.is_none() {
            return Ok(());
        }
        let customer = owner(tx.conn, tx.workspace(), &Ref::Id(self.customer_id.clone()))?;
        let deleted_at = customer.and_then(|customer| customer.deleted_at);
        let deleted_at = deleted_at.filter(|_| states.deleted_at.is_none());
        let sql = "UPDATE onboardings SET customer_deleted_at = ?1 WHERE id = ?2";
        tx.conn
            .prepare_cached(sql)?
            .execute(params![deleted_at.map(Timestamp::as_micros), self.id])?;
        Ok(())
    }
}
