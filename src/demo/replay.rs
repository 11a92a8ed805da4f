//! Replays changes through the store, as the API would have made them at the time.

use serde_json::Value;

use super::timeline::{Change, TimedChange};
use crate::model::caller::Caller;
use crate::model::contact::ContactId;
use crate::model::customer::{Customer, CustomerId};
use crate::model::onboarding::OnboardingId;
use crate::model::parse::fields::{Body, Fields};
use crate::model::values::id::{Id, Ref};
use crate::store::{StoreError, Tx, Watch};

/// The callers that make the changes.
pub(super) struct Actors {
    /// Changes customers and contacts.
    pub sync: Caller,
    /// Changes onboardings.
    pub board: Caller,
}

/// The IDs that a customer's timeline has created, or `None` where the resource was deleted again.
#[derive(Default)]
struct CreatedIds {
    customer: Option<CustomerId>,
    contacts: Vec<Option<ContactId>>,
    onboardings: Vec<Option<OnboardingId>>,
}

/// The number of resources that lists return at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub customers: usize,
    /// Contacts of these customers.
    pub contacts: usize,
    /// Onboardings of these customers.
    pub onboardings: usize,
}

/// Replays changes in the given order, unless `watch` stops it.
pub(super) fn replay_all(
    tx: &Tx<'_>,
    actors: &Actors,
    timelines: usize,
    changes: Vec<TimedChange>,
    watch: &dyn Watch,
) -> Result<Counts, StoreError> {
    let mut created: Vec<CreatedIds> = (0..timelines).map(|_| CreatedIds::default()).collect();
    for TimedChange { at, timeline, change } in changes {
        if watch.should_stop() {
            // Returns an error so that the transaction is rolled back.
            return Err(StoreError::Unavailable("the demo was stopped".to_owned()));
        }
        let ids = created
            .get_mut(timeline)
            .ok_or_else(|| script_error("a change belongs to no timeline"))?;
        apply(&tx.with_time(at), actors, ids, change)?;
    }
    let seen = created.iter().filter(|ids| ids.customer.is_some());
    Ok(seen.fold(Counts::default(), |sum, ids| Counts {
        customers: sum.customers + 1,
        contacts: sum.contacts + ids.contacts.iter().flatten().count(),
        onboardings: sum.onboardings + ids.onboardings.iter().flatten().count(),
    }))
}

fn apply(
    tx: &Tx<'_>,
    Actors { sync, board }: &Actors,
    ids: &mut CreatedIds,
    change: Change,
) -> Result<(), StoreError> {
    match change {
        Change::CreateCustomer(body) => {
            ids.customer = Some(tx.for_caller(sync).create_customer(parse(&body)?)?.resource.id);
        }
        Change::UpdateCustomer(body) => {
            tx.for_caller(sync).update_customer(&customer_ref(ids)?, parse(&body)?)?;
        }
        Change::DeleteCustomer => {
            tx.for_caller(sync).delete_customer(&customer_ref(ids)?)?;
            ids.customer = None;
        }
        Change::CreateContact(body) => {
            let contact = tx.for_caller(sync).create_contact(&customer_ref(ids)?, parse(&body)?)?;
            ids.contacts.push(Some(contact.resource.id));
        }
        Change::UpdateContact(number, body) => {
            tx.for_caller(sync)
                .update_contact(&created_ref(&ids.contacts, number)?, parse(&body)?)?;
        }
        Change::DeleteContact(number) => {
            tx.for_caller(sync).delete_contact(&created_ref(&ids.contacts, number)?)?;
            ids.contacts[number] = None;
        }
        Change::CreateOnboarding(mut body) => {
            body["customer_id"] = ids.customer.as_ref().map(Id::as_str).into();
            let onboarding = tx.for_caller(board).create_onboarding(parse(&body)?)?;
            ids.onboardings.push(Some(onboarding.resource.id));
        }
        Change::UpdateOnboarding(number, body) => {
            tx.for_caller(board)
                .update_onboarding(&created_ref(&ids.onboardings, number)?, parse(&body)?)?;
        }
        Change::DeleteOnboarding(number) => {
            tx.for_caller(board).delete_onboarding(&created_ref(&ids.onboardings, number)?)?;
            ids.onboardings[number] = None;
        }
    }
    Ok(())
}

fn customer_ref(ids: &CreatedIds) -> Result<Ref<Customer>, StoreError> {
    let id = ids.customer.clone();
    id.map(Ref::Id).ok_or_else(|| script_error("a timeline has no customer"))
}

fn created_ref<R>(created: &[Option<Id<R>>], number: usize) -> Result<Ref<R>, StoreError> {
    let id = created.get(number).cloned().flatten();
    id.map(Ref::Id)
        .ok_or_else(|| script_error("a timeline refers to a resource that it has not created"))
}

/// Parses a body like the API.
fn parse<B: Body>(body: &Value) -> Result<B, StoreError> {
    let object = body.as_object().ok_or_else(|| script_error("a body is not an object"))?;
    Fields::parse(object)
        .map_err(|problems| script_error(&format!("{body} is invalid: {problems:?}")))
}

fn script_error(what: &str) -> StoreError {
    StoreError::Internal(format!("the demo timeline is invalid: {what}"))
}
