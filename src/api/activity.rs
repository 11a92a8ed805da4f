//! `/customers/{id}/activity` and `/onboardings/{id}/activity`.

use super::openapi::description::{Description, Group, Success};
use super::openapi::examples;
use super::request::call::Call;
use super::response::{ApiResponse, ApiResult};
use super::{customers, onboardings};
use crate::model::event::{EventFilter, ReadableTypes};
use crate::model::parse::page::PageRequest;

/// GET `/customers/{id}/activity`, leaving out events for resources that the key can't read
pub(super) async fn list_for_customer(call: Call) -> ApiResult {
    let customer = customers::path_id(&call)?;
    let (filter, page): (EventFilter, PageRequest) = call.query()?;
    let readable = ReadableTypes::from_scopes(&call.credentials.key.scopes);
    call.read_list(filter.extent_of_customer(readable), move |reader| {
        ApiResponse::list(&reader.customer_activity(&customer, readable, &filter, &page)?)
    })
    .await
}

pub(super) fn describe_list_for_customer() -> Description {
    Description::new(
        Group::Activity,
        "List a customer's activity",
        &[
            "Addition: the hosted API doesn't have this endpoint. Returns a page of events for a \
             customer, its contacts, and its onboardings, newest first. Each event shows who made the \
             change, the resource after the change, and the previous values of the changed fields.",
            "The page includes only events for resources that the key has a read scope for: with \
             `read:customers` alone, you see only the events for the customer itself.",
            "The activity remains readable after the customer is deleted. If `has_more` is true, pass \
             `next_cursor` as `cursor` to get the next page.",
        ],
        Success::list("A page of events.", &examples::page(examples::customer_event())),
    )
    .query::<(EventFilter, PageRequest)>()
}

/// GET `/onboardings/{id}/activity`, which contains only events for the onboarding itself
pub(super) async fn list_for_onboarding(call: Call) -> ApiResult {
    let onboarding = onboardings::path_id(&call)?;
    let (filter, page): (EventFilter, PageRequest) = call.query()?;
    call.read_list(filter.extent_of_onboarding(), move |reader| {
        ApiResponse::list(&reader.onboarding_activity(&onboarding, &filter, &page)?)
    })
    .await
}

pub(super) fn describe_list_for_onboarding() -> Description {
    Description::new(
        Group::Activity,
        "List an onboarding's activity",
        &[
            "Addition: the hosted API doesn't have this endpoint. Returns a page of an onboarding's \
             events, newest first. Each event shows who made the change, the onboarding after the \
             change, and the previous values of the changed fields.",
            "The activity remains readable after the onboarding is deleted. If `has_more` is true, \
             pass `next_cursor` as `cursor` to get the next page.",
        ],
        Success::list("A page of events.", &examples::page(examples::onboarding_event())),
    )
    .query::<(EventFilter, PageRequest)>()
}
