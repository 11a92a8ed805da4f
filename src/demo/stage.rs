//! Plays acts as the API would have carried them out at their moments.

use serde_json::Value;

use super::story::{Act, Change};
use crate::model::caller::Caller;
use crate::model::contact::ContactId;
use crate::model::customer::{Customer, CustomerId};
use crate::model::onboarding::OnboardingId;
use crate::model::parse::fields::{Body, Fields};
use crate::model::values::id::{Id, Ref};
use crate::store::{StoreError, Tx, Watch};

/// On whose behalf the acts are played.
pub(super) struct Actors {
    /// Keeps customers and contacts.
    pub sync: Caller,
    /// Keeps onboardings.
    pub board: Caller,
}

/// What a story has created; nothing where it was deleted again.
#[derive(Default)]
struct Cast {
    customer: Option<CustomerId>,
    contacts: Vec<Option<ContactId>>,
    onboardings: Vec<Option<OnboardingId>>,
}

/// What can be seen after the play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Live customers.
    pub customers: usize,
    /// Their contacts.
    pub contacts: usize,
    /// Their onboardings.
    pub onboardings: usize,
}

/// Plays the acts of this many stories, which stand in the order of their moments, until the watch
/// stops it.
pub(super) fn play(
    tx: &Tx<'_>,
    actors: &Actors,
    stories: usize,
    acts: Vec<Act>,
    watch: &dyn Watch,
) -> Result<Counts, StoreError> {
    let mut casts: Vec<Cast> = (0..stories).map(|_| Cast::default()).collect();
    for Act { at, story, change } in acts {
        if watch.should_stop() {
            // An error, so that the transaction is undone.
            return Err(StoreError::Unavailable("the demo was stopped".to_owned()));
        }
        let cast = casts.get_mut(story).ok_or_else(|| broken("an act has no story"))?;
        perform(&tx.with_time(at), actors, cast, change)?;
    }
    let seen = casts.iter().filter(|cast| cast.customer.is_some());
    Ok(seen.fold(Counts::default(), |sum, cast| Counts {
        customers: sum.customers + 1,
        contacts: sum.contacts + cast.contacts.iter().flatten().count(),
        onboardings: sum.onboardings + cast.onboardings.iter().flatten().count(),
    }))
}

fn perform(
    tx: &Tx<'_>,
    Actors { sync, board }: &Actors,
    cast: &mut Cast,
    change: Change,
) -> Result<(), StoreError> {
    match change {
        Change::CreateCustomer(body) => {
            cast.customer = Some(tx.for_caller(sync).create_customer(parse(&body)?)?.resource.id);
        }
        Change::UpdateCustomer(body) => {
            tx.for_caller(sync).update_customer(&customer(cast)?, parse(&body)?)?;
        }
        Change::DeleteCustomer => {
            tx.for_caller(sync).delete_customer(&customer(cast)?)?;
            cast.customer = None;
        }
        Change::CreateContact(body) => {
            let contact = tx.for_caller(sync).create_contact(&customer(cast)?, parse(&body)?)?;
            cast.contacts.push(Some(contact.resource.id));
        }
        Change::UpdateContact(number, body) => {
            tx.for_caller(sync).update_contact(&named(&cast.contacts, number)?, parse(&body)?)?;
        }
        Change::DeleteContact(number) => {
            tx.for_caller(sync).delete_contact(&named(&cast.contacts, number)?)?;
            cast.contacts[number] = None;
        }
        Change::CreateOnboarding(mut body) => {
            body["customer_id"] = cast.customer.as_ref().map(Id::as_str).into();
            let onboarding = tx.for_caller(board).create_onboarding(parse(&body)?)?;
            cast.onboardings.push(Some(onboarding.resource.id));
        }
        Change::UpdateOnboarding(number, body) => {
            tx.for_caller(board)
                .update_onboarding(&named(&cast.onboardings, number)?, parse(&body)?)?;
        }
        Change::DeleteOnboarding(number) => {
            tx.for_caller(board).delete_onboarding(&named(&cast.onboardings, number)?)?;
            cast.onboardings[number] = None;
        }
    }
    Ok(())
}

fn customer(cast: &Cast) -> Result<Ref<Customer>, StoreError> {
    let id = cast.customer.clone();
    id.map(Ref::Id).ok_or_else(|| broken("a story has no customer"))
}

fn named<R>(created: &[Option<Id<R>>], number: usize) -> Result<Ref<R>, StoreError> {
    let id = created.get(number).cloned().flatten();
    id.map(Ref::Id).ok_or_else(|| broken("a story names what it has not created"))
}

/// A body as the API reads it.
fn parse<B: Body>(body: &Value) -> Result<B, StoreError> {
    let object = body.as_object().ok_or_else(|| broken("a body is not an object"))?;
    Fields::parse(object).map_err(|problems| broken(&format!("{body} is refused: {problems:?}")))
}

fn broken(what: &str) -> StoreError {
    StoreError::Internal(format!("the demo's script is wrong: {what}"))
}
