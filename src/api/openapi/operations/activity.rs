//! The lists of events.

use super::super::description::{Description, Group, Success};
use super::super::examples;
use crate::model::event::EventFilter;
use crate::model::parse::page::PageRequest;

/// GET `/customers/{id}/activity`
pub(in crate::api) fn list_customer_activity() -> Description {
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

/// GET `/onboardings/{id}/activity`
pub(in crate::api) fn list_onboarding_activity() -> Description {
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
