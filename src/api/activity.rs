//! `/customers/{id}/activity` and `/onboardings/{id}/activity`

use super::answer::{Answer, Reply};
use super::openapi::description::{Description, Group, Success};
use super::openapi::examples;
use super::request::call::Call;
use super::{customers, onboardings};
use crate::model::event::{EventFilter, Readable};
use crate::model::parse::page::PageRequest;

/// GET `/customers/{id}/activity`, without the events of resources that the key must not read
pub(super) async fn list_of_customer(call: Call) -> Reply {
    let customer = customers::in_path(&call)?;
    let (filter, page): (EventFilter, PageRequest) = call.query()?;
    let readable = Readable::with(&call.credentials.key.scopes);
    call.list(move |reader| {
        Answer::list(&reader.customer_activity(&customer, readable, &filter, &page)?)
    })
    .await
}

pub(super) fn describe_list_of_customer() -> Description {
    Description::new(
        Group::Activity,
        "List a customer's activity",
        &[
            "Addition: the hosted API does not have this. Lists what happened to a customer, its \
             contacts and its onboardings, newest first, each with who did it, the resource as it \
             then was, and the values before of what changed.",
            "Only events of resources that the key has a read scope for are listed: with \
             `read:customers` alone those of the customer itself.",
            "It stays readable after the customer is deleted. When `has_more` is true, send \
             `next_cursor` as `cursor` to get the next page.",
        ],
        Success::list("A page of events.", &examples::page(examples::customer_event())),
    )
    .query::<(EventFilter, PageRequest)>()
}

/// GET `/onboardings/{id}/activity`, which holds only events of the onboarding itself
pub(super) async fn list_of_onboarding(call: Call) -> Reply {
    let onboarding = onboardings::in_path(&call)?;
    let (filter, page): (EventFilter, PageRequest) = call.query()?;
    call.list(move |reader| {
        Answer::list(&reader.onboarding_activity(&onboarding, &filter, &page)?)
    })
    .await
}

pub(super) fn describe_list_of_onboarding() -> Description {
    Description::new(
        Group::Activity,
        "List an onboarding's activity",
        &[
            "Addition: the hosted API does not have this. Lists what happened to an onboarding, \
             newest first, each with who did it, the onboarding as it then was, and the values \
             before of what changed.",
            "It stays readable after the onboarding is deleted. When `has_more` is true, send \
             `next_cursor` as `cursor` to get the next page.",
        ],
        Success::list("A page of events.", &examples::page(examples::onboarding_event())),
    )
    .query::<(EventFilter, PageRequest)>()
}
