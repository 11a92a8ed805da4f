//! `/events`, the event feed.

use super::openapi::description::{Description, Group, Success};
use super::openapi::examples;
use super::request::call::Call;
use super::response::{ApiResponse, ApiResult};
use crate::model::event::ReadableTypes;
use crate::model::event_feed::{EventFeedPage, EventFeedQuery};
use crate::model::key::Scope;
use crate::store::Extent;

/// A key needs at least one of these scopes. Each one gives access to the events of one type of
/// resource.
pub(super) const SCOPES: [Scope; 3] =
    [Scope::ReadCustomers, Scope::ReadContacts, Scope::ReadOnboardings];

/// GET `/events`
pub(super) async fn list(call: Call) -> ApiResult {
    let query: EventFeedQuery = call.query()?;
    let readable = ReadableTypes::from_scopes(&call.credentials.key.scopes);
    // A filter can skip any number of events.
    call.read_list(Extent::WholeList, move |reader| {
        ApiResponse::ok(&reader.event_feed(&query, readable)?)
    })
    .await
}

pub(super) fn describe_list() -> Description {
    let example =
        EventFeedPage { events: vec![examples::customer_event()], has_more: false, next: None };
    Description::new(
        Group::Activity,
        "List events",
        &[
            "Addition: the hosted API doesn't have this endpoint. Returns a page of the workspace's \
             events, newest first, in the format of the activity lists. If `has_more` is true, pass \
             `next_cursor` as `cursor` to get older events.",
            "With `after`, the list starts after an event or a time and is oldest first. Send \
             `next_cursor` as `after` to get newer events: right away if `has_more` is true, \
             otherwise later. A client that stores `next_cursor` gets every event exactly once, in the \
             order in which the changes were made, even if it was down in the meantime.",
            "The server examines up to 10,000 events for a page. If few of them match the filter, the \
             page can have fewer events than `limit`, or none, even if `has_more` is true. Continue \
             with `next_cursor`.",
            "The list includes only events for resources that the key has a read scope for. It includes \
             changes made with live keys and with test keys; `livemode` tells them apart.",
        ],
        Success::ok("A page of events.", &example),
    )
    .query::<EventFeedQuery>()
}
