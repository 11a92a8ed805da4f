//! The first pass of an import: decides about every row before anything is written.

use super::decide::Decision;
use super::existing::{Owner, owner};
use super::index::{Claim, Index, Key, State};
use super::resources::{Importable, Unique};
use super::scope::Scope;
use crate::model::customer::{Customer, CustomerId};
use crate::model::resource::ResourceType;
use crate::model::transfer::{
    CustomerKey, CustomerRow, Entry, ImportFault, LastAllocated, LastEvent, Lasts, OnConflict,
    Outcome, Place, Row,
};
use crate::model::values::id::{Id, Ref, ResourceId};
use crate::model::values::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::reader::WorkspaceReader;

/// Remembers what the rows before have claimed.
pub struct Checker {
    pub(super) index: Index,
    pub(super) on_conflict: OnConflict,
    now: Timestamp,
    /// The previous customer of the source.
    parent: Option<(ResourceId, State)>,
    lasts: Lasts,
}

/// The decision about a row.
pub struct Checked {
    pub outcome: Outcome,
    /// Why it is rejected.
    pub faults: Vec<ImportFault>,
    /// The customer that is already there, if the row is one that is.
    pub customer: Option<CustomerId>,
}

/// The customer of a row.
enum Parent {
    Found { id: CustomerId, is_deleted: bool },
    Skipped,
    Unusable(String),
}

impl Checker {
    /// Starts a check at the given time.
    pub fn new(on_conflict: OnConflict, now: Timestamp) -> Result<Self, StoreError> {
        let (index, lasts) = (Index::new()?, Lasts::default());
        Ok(Self { index, on_conflict, now, parent: None, lasts })
    }

    /// The highest display IDs and the latest times of the new rows so far.
    pub fn lasts(&self) -> &Lasts {
        &self.lasts
    }

    /// Passes over a row that can't be read. It may be a customer, so the rows after it have no
    /// customer that precedes them.
    pub fn forget_customer(&mut self) {
        self.parent = None;
    }
}

impl WorkspaceReader<'_> {
    /// Decides about a row, which follows those that were checked before.
    pub fn check_row(
        &self,
        checker: &mut Checker,
        place: &Place,
        entry: Entry,
    ) -> Result<Checked, StoreError> {
        let Checker { index, on_conflict, now, parent, lasts } = checker;
        let scope = Scope {
            conn: self.conn,
            workspace: self.workspace,
            on_conflict: *on_conflict,
            now: *now,
            place,
            index: Some(index),
            all_claims: None,
        };
        match entry {
            Entry::Customer(row) => {
                let allocated = allocated(&row, *now);
                let (checked, found) = check_customer(&scope, index, row)?;
                *parent = Some(found);
                raise(&mut lasts.customer, &checked, allocated);
                Ok(checked)
            }
            Entry::Contact { customer, row } => {
                let allocated = allocated(&row, *now);
                let checked = check_part(&scope, index, parent.as_ref(), &customer, row)?;
                raise(&mut lasts.contact, &checked, allocated);
                Ok(checked)
            }
            Entry::Onboarding { customer, row } => {
                let allocated = allocated(&row, *now);
                let checked = check_part(&scope, index, parent.as_ref(), &customer, row)?;
                raise(&mut lasts.onboarding, &checked, allocated);
                Ok(checked)
            }
            Entry::Event(event) => {
                let checked = scope.check_event(index, &event)?;
                if checked.outcome == Outcome::Created {
                    let last = lasts.event.map_or(event.created_at, |last| last.created_at);
                    let created_at = last.max(event.created_at);
                    lasts.event = Some(LastEvent { created_at });
                }
                Ok(checked)
            }
        }
    }
}

/// Returns what a row allocates by itself. One with a number reserves it, so that rows before it
/// that have none are numbered from a higher one.
fn allocated<R, B>(row: &Row<R, B>, now: Timestamp) -> Option<LastAllocated> {
    let created_at = row.created_at.unwrap_or(now);
    Some(LastAllocated { display_id: row.display_id?, created_at })
}

/// Only a row that will be created raises what is allocated last. A faulty one must not.
fn raise(last: &mut Option<LastAllocated>, checked: &Checked, allocated: Option<LastAllocated>) {
    let Some(LastAllocated { display_id, created_at }) = allocated else { return };
    if checked.outcome != Outcome::Created {
        return;
    }
    let before = last.unwrap_or(LastAllocated { display_id, created_at });
    *last = Some(LastAllocated {
        display_id: before.display_id.max(display_id),
        created_at: before.created_at.max(created_at),
    });
}

/// Checks a customer. Also returns what its contacts and onboardings need to know.
fn check_customer(
    scope: &Scope<'_>,
    index: &Index,
    row: CustomerRow,
) -> Result<(Checked, (ResourceId, State)), StoreError> {
    let (id, display_id) = (row.id.clone(), row.display_id);
    let slug = row.body.slug.clone().filter(|_| id.is_none());
    let avoids_conflicts = Customer::avoids_conflicts(&row.body);
    let state = if row.deleted_at.is_some() { State::Deleted } else { State::Live };
    let own_id = id.clone().unwrap_or_else(Id::generate);
    let decision = scope.decide(row, &own_id)?;
    let (state, own_id) = match &decision {
        Decision::Create { resource: customer, .. }
        | Decision::Unchanged { resource: customer, .. }
        | Decision::Update { after: customer, .. } => (state, customer.id.clone()),
        Decision::Skip => (State::Skipped, own_id),
        Decision::Reject(_) => (State::Rejected, own_id),
    };
    let found = (own_id.erase_type(), state);
    let claim = Claim { place: scope.place.to_string(), state, id: found.0.clone() };
    if let Some(id) = id {
        index.claim(&Key::Id(ResourceType::Customer, id.to_string()), &claim)?;
    }
    if let Some(number) = display_id {
        index.claim(&Key::Number(ResourceType::Customer, number), &claim)?;
    }
    if let Some(slug) = slug {
        // Its contacts can refer to it, whatever becomes of it.
        index.claim(&Key::Slug(slug), &claim)?;
    }
    let is_new = matches!(decision, Decision::Create { .. });
    let checked = finish(index, decision, &claim, |one| {
        // A slug that is derived from the name is not taken from anyone.
        Ok(!(is_new && avoids_conflicts) || one.holders(scope)?.is_empty())
    })?;
    Ok((checked, found))
}

/// Checks a contact or an onboarding.
fn check_part<R: Importable>(
    scope: &Scope<'_>,
    index: &Index,
    parent: Option<&(ResourceId, State)>,
    customer: &CustomerKey,
    row: Row<R, R::Body>,
) -> Result<Checked, StoreError> {
    let (id, display_id) = (row.id.clone(), row.display_id);
    let decision = match find_parent(scope, index, parent, customer)? {
        Parent::Found { is_deleted: true, .. } if id.is_none() => {
            let fault = scope.fault("customer_id", "the customer has been deleted");
            Decision::Reject(vec![fault])
        }
        Parent::Found { id: customer, .. } => scope.decide(row, &customer)?,
        Parent::Skipped => Decision::Skip,
        Parent::Unusable(message) => Decision::Reject(vec![scope.fault("customer_id", message)]),
    };
    let state = match decision {
        Decision::Skip => State::Skipped,
        Decision::Reject(_) => State::Rejected,
        _ => State::Live,
    };
    let own_id = id.clone().unwrap_or_else(Id::generate).erase_type();
    let claim = Claim { place: scope.place.to_string(), state, id: own_id };
    if let Some(id) = id {
        index.claim(&Key::Id(R::TYPE, id.to_string()), &claim)?;
    }
    if let Some(number) = display_id {
        index.claim(&Key::Number(R::TYPE, number), &claim)?;
    }
    finish(index, decision, &claim, |_| Ok(true))
}

/// Claims what a row makes unique, and returns its outcome.
fn finish<R: Importable>(
    index: &Index,
    decision: Decision<R>,
    claim: &Claim,
    claims: impl Fn(&Unique) -> Result<bool, StoreError>,
) -> Result<Checked, StoreError> {
    let checked = |outcome| Checked { outcome, faults: Vec::new(), customer: None };
    let (resource, is_live, has_id, outcome) = match &decision {
        Decision::Create { resource, times, .. } => {
            (resource, times.deletion().is_none(), times.deleted_at.is_some(), Outcome::Created)
        }
        Decision::Update { after, times, .. } => {
            index.set_updated(after.id().as_str())?;
            (after, times.deletion().is_none(), times.deleted_at.is_some(), Outcome::Updated)
        }
        Decision::Unchanged { resource, times } => {
            (resource, times.deletion().is_none(), times.deleted_at.is_some(), Outcome::Unchanged)
        }
        Decision::Skip => return Ok(checked(Outcome::Skipped)),
        Decision::Reject(faults) => {
            return Ok(Checked { faults: faults.clone(), ..checked(Outcome::Rejected) });
        }
    };
    if is_live {
        for one in resource.unique(has_id) {
            if claims(&one)? {
                index.claim(&one.key, claim)?;
            }
        }
    }
    let is_known = outcome == Outcome::Unchanged && R::TYPE == ResourceType::Customer;
    let customer = is_known.then(|| resource.customer_id().clone());
    Ok(Checked { customer, ..checked(outcome) })
}

/// Finds the customer of a row, in the source or else in the workspace.
fn find_parent(
    scope: &Scope<'_>,
    index: &Index,
    parent: Option<&(ResourceId, State)>,
    customer: &CustomerKey,
) -> Result<Parent, StoreError> {
    let (claim, found) = match customer {
        CustomerKey::Parent => (parent.cloned(), None),
        CustomerKey::Ref(id_ref) => {
            let key = match id_ref {
                Ref::Id(id) => Key::Id(ResourceType::Customer, id.to_string()),
                Ref::DisplayId(number) => Key::Number(ResourceType::Customer, *number),
            };
            let claim = index.find(&key)?.map(|claim| (claim.id, claim.state));
            let found = match claim {
                Some(_) => None,
                None => owner(scope.conn, scope.workspace, id_ref)?,
            };
            (claim, found)
        }
        CustomerKey::Slug(slug) => {
            let claim = index.find(&Key::Slug(slug.clone()))?.map(|claim| (claim.id, claim.state));
            let found = match claim {
                Some(_) => None,
                None => scope.live_customer(slug)?,
            };
            (claim, found)
        }
    };
    Ok(match (claim, found) {
        (Some((id, State::Live)), _) => found_parent(&id, false),
        (Some((id, State::Deleted)), _) => found_parent(&id, true),
        (Some((_, State::Skipped)), _) => Parent::Skipped,
        (Some((_, State::Rejected)), _) => Parent::Unusable("the customer is faulty".to_owned()),
        (None, Some(Owner { id, deleted_at })) => {
            Parent::Found { id, is_deleted: deleted_at.is_some() }
        }
        (None, None) => Parent::Unusable(missing_customer(customer)),
    })
}

fn found_parent(id: &ResourceId, is_deleted: bool) -> Parent {
    Parent::Found { id: Id::from_stored(id.to_string()), is_deleted }
}

/// Says that there is no such customer.
pub(super) fn missing_customer(customer: &CustomerKey) -> String {
    let (name, value) = match customer {
        CustomerKey::Parent => return "there is no customer before this row".to_owned(),
        CustomerKey::Ref(Ref::Id(id)) => ("customer_id", id.to_string()),
        CustomerKey::Ref(Ref::DisplayId(number)) => ("customer_id", number.0.to_string()),
        CustomerKey::Slug(slug) => ("the slug", slug.to_string()),
    };
    format!("there is no customer with {name} {value} in the workspace or before this row")
}
