//! `/customers/{id}/activity` and `/onboardings/{id}/activity`

use super::answer::{Answer, Reply};
use super::request::call::Call;
use super::{customers, onboardings};
use crate::model::event::{EventFilter, Readable};
use crate::model::parse::page::PageRequest;

/// GET `/customers/{id}/activity`, without the events of resources that the key must not read
pub(super) async fn of_customer(call: Call) -> Reply {
    let customer = customers::named(&call)?;
    let (filter, page): (EventFilter, PageRequest) = call.query()?;
    let readable = Readable::with(&call.credentials.key.scopes);
    call.list(move |reader| {
        Answer::list(&reader.customer_activity(&customer, readable, &filter, &page)?)
    })
    .await
}

/// GET `/onboardings/{id}/activity`, which holds only events of the onboarding itself
pub(super) async fn of_onboarding(call: Call) -> Reply {
    let onboarding = onboardings::named(&call)?;
    let (filter, page): (EventFilter, PageRequest) = call.query()?;
    call.list(move |reader| {
        Answer::list(&reader.onboarding_activity(&onboarding, &filter, &page)?)
    })
    .await
}
