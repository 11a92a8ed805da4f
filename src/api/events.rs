//! `/events`, the event feed

use super::answer::{Answer, Reply};
use super::openapi::description::{Description, Group, Success};
use super::openapi::examples;
use super::request::call::Call;
use crate::model::event::Readable;
use crate::model::event_feed::{EventFeedPage, EventFeedQuery};
use crate::model::key::Scope;

/// Each of these lets a key see the events of one type of resource.
pub(super) const SCOPES: [Scope; 3] =
    [Scope::ReadCustomers, Scope::ReadContacts, Scope::ReadOnboardings];

/// GET `/events`
pub(super) async fn list(call: Call) -> Reply {
    let query: EventFeedQuery = call.query()?;
    let readable = Readable::with(&call.credentials.key.scopes);
    call.list(move |reader| Answer::ok(&reader.event_feed(&query, readable)?)).await
}

pub(super) fn describe_list() -> Description {
    let example =
        EventFeedPage { events: vec![examples::customer_event()], has_more: false, next: None };
    Description::new(
        Group::Activity,
        "List events",
        &[
            "Addition: the hosted API does not have this. Lists what happened in the workspace, newest \
             first, in the form that the activity lists have. When `has_more` is true, send \
             `next_cursor` as `cursor` to get older events.",
            "With `after`, the list is the other way round: it begins after an event or a time and \
             goes forward, oldest first. Send `next_cursor` as `after` to go on, at once while \
             `has_more` is true, and later otherwise. A client that stores `next_cursor` gets every \
             event exactly once, in the order in which they were recorded, also after it was away.",
            "A page examines up to 10,000 events. With a filter that few of them match, it can have \
             fewer events than `limit`, or none, although `has_more` is true: go on with \
             `next_cursor`.",
            "Only events of resources that the key has a read scope for are listed, those made with \
             live keys and those made with test keys: `livemode` tells them apart.",
        ],
        Success::ok("A page of events.", &example),
    )
    .query::<EventFeedQuery>()
}
