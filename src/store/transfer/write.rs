//! The second pass of an import: writes the rows that the first one has approved. It decides about
//! each again, because others may have changed the workspace in between.

use super::check::{Checker, missing_customer};
use super::decide::{Decision, Times};
use super::existing::{Existing, Owner, owner};
use super::index::Index;
use super::scope::Scope;
use super::times::{FreeTimes, not_before, same_milli};
use super::writable::{States, Writable};
use crate::model::caller::Caller;
use crate::model::customer::CustomerId;
use crate::model::resource::ResourceType;
use crate::model::transfer::{
    CustomerKey, Entry, ImportFault, ImportedEvent, LastAllocated, Lasts, OnConflict, Outcome,
    Place, Row,
};
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::store::engine::Value;
use crate::store::error::StoreError;
use crate::store::rows::record::Change;
use crate::store::rows::resource::Columns;
use crate::store::rows::sequences;
use crate::store::tx::{Recording, Tx, WorkspaceTx};

/// Remembers what the rows before it were, from one transaction to the next.
#[derive(Default)]
pub struct Importer {
    on_conflict: OnConflict,
    /// What the rows have claimed.
    claims: Option<Index>,
    /// The previous customer of the source, if it is in the workspace.
    parent: Option<CustomerId>,
    customer_times: FreeTimes,
    contact_times: FreeTimes,
    onboarding_times: FreeTimes,
    event_times: FreeTimes,
}

/// A row with the decision of the first pass.
pub struct Planned {
    pub place: Place,
    pub entry: Entry,
    pub outcome: Outcome,
    /// See [`Checked::customer`](super::Checked::customer).
    pub customer: Option<CustomerId>,
}

/// What became of a row, or what is wrong with it.
type Decided = Result<Outcome, Vec<ImportFault>>;
type Imported = Result<Decided, StoreError>;

impl Importer {
    /// Starts to write the rows that have been checked.
    pub fn new(checker: Checker) -> Self {
        let Checker { on_conflict, index, .. } = checker;
        Self { on_conflict, claims: Some(index), ..Self::default() }
    }
}

impl Tx<'_> {
    /// Begins or continues an import. `recording` says what is recorded about its rows.
    pub fn for_import<'t>(&'t self, caller: &'t Caller, recording: Recording) -> WorkspaceTx<'t> {
        self.with_recording(caller, recording)
    }
}

impl WorkspaceTx<'_> {
    /// Makes sure that resources created from now on don't take display IDs and times of the rows
    /// that will be imported.
    pub fn raise_sequences(&self, lasts: &Lasts) -> Result<(), StoreError> {
        let resources = [
            ("customer", &lasts.customer),
            ("contact", &lasts.contact),
            ("onboarding", &lasts.onboarding),
        ];
        for (resource, last) in resources {
            if let Some(LastAllocated { display_id, created_at }) = *last {
                let number = Some(display_id);
                sequences::raise(self.conn, self.workspace(), resource, number, created_at)?;
            }
        }
        if let Some(last) = &lasts.event {
            sequences::raise(self.conn, self.workspace(), "event", None, last.created_at)?;
        }
        Ok(())
    }

    /// Imports a row, or returns why it can't be imported any more.
    pub fn import_row(&self, importer: &mut Importer, planned: Planned) -> Imported {
        let Planned { place, entry, outcome, customer } = planned;
        let is_left_out = !matches!(outcome, Outcome::Created | Outcome::Updated);
        if is_left_out {
            if matches!(entry, Entry::Customer(_)) {
                importer.parent = customer;
            }
            return Ok(Ok(outcome));
        }
        let scope = Scope {
            conn: self.conn,
            workspace: self.workspace(),
            on_conflict: importer.on_conflict,
            now: self.now,
            place: &place,
            index: None,
            all_claims: importer.claims.as_ref(),
        };
        match entry {
            Entry::Customer(row) => {
                let own_id = row.id.clone().unwrap_or_else(Id::generate);
                let owner = Owner { id: own_id, deleted_at: None };
                let (id, imported) =
                    self.import_resource(&scope, &mut importer.customer_times, row, &owner)?;
                importer.parent = id;
                Ok(imported)
            }
            Entry::Contact { customer, row } => {
                let parent = importer.parent.clone();
                self.import_part(&scope, &mut importer.contact_times, parent, &customer, row)
            }
            Entry::Onboarding { customer, row } => {
                let parent = importer.parent.clone();
                self.import_part(&scope, &mut importer.onboarding_times, parent, &customer, row)
            }
            Entry::Event(event) => self.import_event(&scope, &mut importer.event_times, &event),
        }
    }

    fn import_part<R: Writable>(
        &self,
        scope: &Scope<'_>,
        times: &mut FreeTimes,
        parent: Option<CustomerId>,
        customer: &CustomerKey,
        row: Row<R, R::Body>,
    ) -> Imported {
        let found = match customer {
            CustomerKey::Parent => match parent {
                Some(id) => owner(scope.conn, scope.workspace, &Ref::Id(id))?,
                None => None,
            },
            CustomerKey::Ref(id_ref) => owner(scope.conn, scope.workspace, id_ref)?,
            CustomerKey::Slug(slug) => scope.live_customer(slug)?,
        };
        // The customer of a row without an ID must be live, as for a POST.
        let usable = found.filter(|owner| row.id.is_some() || owner.deleted_at.is_none());
        let Some(owner) = usable else {
            return Ok(match scope.on_conflict {
                OnConflict::Skip => Ok(Outcome::Skipped),
                _ => Err(vec![scope.fault("customer_id", missing_customer(customer))]),
            });
        };
        Ok(self.import_resource(scope, times, row, &owner)?.1)
    }

    /// Imports a resource. Also returns its ID, if it is in the workspace now.
    fn import_resource<R: Writable>(
        &self,
        scope: &Scope<'_>,
        times: &mut FreeTimes,
        row: Row<R, R::Body>,
        owner: &Owner,
    ) -> Result<(Option<CustomerId>, Decided), StoreError> {
        let avoids_conflicts = R::avoids_conflicts(&row.body);
        let of_customer = |resource: &R| Some(resource.customer_id().clone());
        Ok(match scope.decide(row, &owner.id)? {
            Decision::Create { mut resource, display_id, times: row_times } => {
                if avoids_conflicts {
                    resource.avoid_conflicts(self, scope)?;
                }
                let id = of_customer(&resource);
                self.create_imported(times, resource, display_id, row_times, owner)?;
                (id, Ok(Outcome::Created))
            }
            Decision::Update { before, after, times: row_times } => {
                let id = of_customer(&after);
                self.update_imported(times, before, after, row_times)?;
                (id, Ok(Outcome::Updated))
            }
            Decision::Unchanged { resource, .. } => {
                (of_customer(&resource), Ok(Outcome::Unchanged))
            }
            Decision::Skip => (None, Ok(Outcome::Skipped)),
            Decision::Reject(faults) => (None, Err(faults)),
        })
    }

    fn create_imported<R: Writable>(
        &self,
        free: &mut FreeTimes,
        mut resource: R,
        display_id: Option<DisplayId>,
        times: Times,
        owner: &Owner,
    ) -> Result<(), StoreError> {
        let (workspace, name) = (self.workspace(), R::TYPE.into());
        let mut take = |time| free.take(self.conn, workspace, (R::TABLE, R::INDEXED), time);
        let (display_id, created_at) = match (display_id, times.created_at) {
            (None, None) => self.allocate::<R>()?,
            (None, Some(time)) => {
                let time = take(time)?;
                (sequences::allocate_number(self.conn, workspace, name, time)?, time)
            }
            (Some(number), time) => {
                let time = take(time.unwrap_or(self.now))?;
                sequences::raise(self.conn, workspace, name, Some(number), time)?;
                (number, time)
            }
        };
        let updated_at = times.updated_at.map_or(created_at, |time| not_before(time, created_at));
        let deleted_at = times.deletion().map(|time| not_before(time, created_at));
        resource.set_display_id(display_id);
        resource.set_times(created_at, updated_at);
        resource.before_write(self, deleted_at.is_none())?;
        let mut extra = vec![("deleted_at", micros(deleted_at))];
        extra.extend(resource.columns_from_owner(owner, deleted_at.is_none()));
        let events =
            if deleted_at.is_some() { &[R::CREATED, R::DELETED][..] } else { &[R::CREATED] };
        let created = self.insert(resource, extra, events)?.resource;
        created.after_create(self, deleted_at.is_none())
    }

    fn update_imported<R: Writable>(
        &self,
        free: &mut FreeTimes,
        before: Existing<R>,
        mut after: R,
        times: Times,
    ) -> Result<(), StoreError> {
        let (mut created_at, last_updated_at) = before.stored.resource.times();
        let mut columns = Columns::new();
        let has_id = times.deleted_at.is_some();
        let deleted_at = times.deleted_at.unwrap_or(before.deleted_at);
        let is_restored = before.deleted_at.is_some() && deleted_at.is_none();
        // Only the creation times of live customers are unique: someone may have taken this one.
        if is_restored && R::TYPE == ResourceType::Customer {
            let place = (R::TABLE, R::INDEXED);
            created_at = free.take(self.conn, self.workspace(), place, created_at)?;
            sequences::raise(self.conn, self.workspace(), R::TYPE.into(), None, created_at)?;
            columns.push(("created_at", created_at.as_micros().into()));
        }
        let updated_at = match times.updated_at.filter(|_| has_id) {
            Some(time) if same_milli(time, last_updated_at) => last_updated_at.max(created_at),
            Some(time) => not_before(time, created_at),
            None => self.next_updated_at(last_updated_at),
        };
        let deleted_at = match (deleted_at, before.deleted_at) {
            (Some(new), Some(old)) if same_milli(new, old) => Some(old),
            (new, _) => new.map(|time| not_before(time, created_at)),
        };
        if deleted_at != before.deleted_at {
            columns.push(("deleted_at", micros(deleted_at)));
        }
        after.set_times(created_at, updated_at);
        let is_live = deleted_at.is_none();
        after.before_write(self, is_live)?;
        let Change { mut events, phases, columns: more } = after.update(&before.stored.resource);
        columns.extend(more);
        if !is_live && before.deleted_at.is_none() {
            events.push(R::DELETED);
        }
        let after = self.replace(&before.stored, after, Change { events, phases, columns })?;
        let was_live = before.deleted_at.is_none();
        let states = States { was_live, deleted_at, has_id };
        after.resource.after_update(self, &before.stored.resource, states)
    }

    fn import_event(
        &self,
        scope: &Scope<'_>,
        times: &mut FreeTimes,
        event: &ImportedEvent,
    ) -> Imported {
        let decided = scope.decide_event(None, event)?;
        if decided == Ok(Outcome::Created) {
            scope.insert_event(times, event)?;
        }
        Ok(decided)
    }
}

fn micros(time: Option<Timestamp>) -> Value<'static> {
    time.map(Timestamp::as_micros).into()
}
