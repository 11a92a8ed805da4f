//! The event feed: the query of a client, and the page that it gets.

use std::sync::LazyLock;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use strum::VariantNames;
use utoipa::openapi::schema::{ArrayBuilder, Object};

use super::event::{Event, EventType, ReadableTypes};
use super::parse::page::{CURSOR_PATTERN, MAX_LIMIT, PageRequest, parse_cursor};
use super::parse::params::{Params, Query};
use super::parse::problem::{Fault, Problem, Rule};
use super::parse::schema::{Component, JsonSchema, ObjectSchema, Schema, nullable, string};
use super::resource::ResourceType;
use super::values::time::Timestamp;

const TYPE: &str = "type";
const AFTER: &str = "after";

/// The resource whose read scope a key needs to see events of a type in the feed. None for types
/// that are only in the audit log.
fn resource_of(kind: EventType) -> Option<ResourceType> {
    use EventType as E;
    match kind {
        E::CustomerCreated
        | E::CustomerUpdated
        | E::CustomerArchived
        | E::CustomerAtRisk
        | E::CustomerChurned => Some(ResourceType::Customer),
        E::ContactCreated | E::ContactUpdated | E::ContactDeleted => Some(ResourceType::Contact),
        E::OnboardingCreated
        | E::OnboardingUpdated
        | E::OnboardingPhaseChanged
        | E::OnboardingStateChanged
        | E::OnboardingAtRisk
        | E::OnboardingBackOnTrack
        | E::OnboardingLaunched
        | E::OnboardingCompleted
        | E::OnboardingDeleted => Some(ResourceType::Onboarding),
        E::ApiKeyCreated
        | E::ApiKeyRevoked
        | E::WebhookEndpointCreated
        | E::WebhookEndpointUpdated
        | E::WebhookEndpointEnabled
        | E::WebhookEndpointDisabled
        | E::WebhookEndpointRotated
        | E::WebhookEndpointDeleted
        | E::CustomerPurged
        | E::ContactPurged => None,
    }
}

/// Whether the feed shows events of a type.
pub fn is_in_feed(kind: EventType) -> bool {
    resource_of(kind).is_some()
}

/// Every type that the feed shows.
fn all_types() -> impl Iterator<Item = EventType> {
    let types = EventType::VARIANTS.iter().filter_map(|name| name.parse().ok());
    types.filter(|&kind| is_in_feed(kind))
}

/// The values that `type` accepts: all types, and a pattern for each resource.
static PATTERNS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut prefixes: Vec<&str> = all_types().map(prefix).collect();
    prefixes.dedup();
    let names = all_types().map(|kind| <&str>::from(kind).to_owned());
    names.chain(prefixes.into_iter().map(|prefix| format!("{prefix}.*"))).collect()
});

/// The first half of a type's name, such as `customer`.
fn prefix(kind: EventType) -> &'static str {
    let name: &str = kind.into();
    name.split_once('.').map_or(name, |(prefix, _)| prefix)
}

/// A request to the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFeedQuery {
    /// The types of events to return, each once.
    types: Vec<EventType>,
    /// 1 to 100.
    pub limit: u32,
    pub walk: Walk,
}

/// The direction in which to read the feed, and where the page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Newest first. Only events before the cursor, if there is one.
    Backward { before: Option<Timestamp> },
    /// Oldest first.
    Forward(After),
}

/// The position after which to read forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// What the client sent. It is returned as `next_cursor` if there is nothing newer.
    pub given: String,
    pub position: Position,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// The ID of an event. The store looks it up.
    Event,
    Time(Timestamp),
}

impl EventFeedQuery {
    /// The types to return to a key that can read only some resources.
    pub fn types_for(&self, readable: ReadableTypes) -> Vec<EventType> {
        let names = readable.names();
        let is_readable = |kind: &EventType| {
            resource_of(*kind).is_some_and(|resource| names.contains(&resource.into()))
        };
        self.types.iter().copied().filter(is_readable).collect()
    }
}

impl Query for EventFeedQuery {
    fn read(params: &mut Params) -> Self {
        let faults = || vec![unknown_type()];
        let patterns = params.repeated(TYPE, pattern_schema, faults, parse_pattern);
        let PageRequest { limit, before } = PageRequest::read(params);
        let after = params.parse_with(AFTER, after_schema, || vec![malformed_after()], parse_after);
        params.reject_if(before.is_some() && after.is_some(), || Problem {
            rule: Rule::ConflictingFields,
            message: "after cannot be combined with cursor".to_owned(),
            field: AFTER.to_owned(),
        });
        let types = if patterns.is_empty() {
            all_types().collect()
        } else {
            let asked: Vec<EventType> = patterns.into_iter().flatten().collect();
            all_types().filter(|kind| asked.contains(kind)).collect()
        };
        let walk = after.map_or(Walk::Backward { before }, Walk::Forward);
        Self { types, limit, walk }
    }
}

fn pattern_schema() -> Schema {
    string().enum_values(Some(PATTERNS.iter().cloned())).into()
}

fn unknown_type() -> Fault {
    Fault::new(Rule::InvalidEnumValue, format!("must be one of {}", PATTERNS.join(", ")))
}

/// The types that a value of `type` matches.
fn parse_pattern(text: &str) -> Result<Vec<EventType>, Fault> {
    let types: Vec<EventType> = match text.strip_suffix(".*") {
        Some(resource) => all_types().filter(|&kind| prefix(kind) == resource).collect(),
        None => all_types().filter(|&kind| <&str>::from(kind) == text).collect(),
    };
    if types.is_empty() { Err(unknown_type()) } else { Ok(types) }
}

/// A string without a format, like the schema of a cursor and for the same reason.
fn after_schema() -> Schema {
    let pattern = format!("^evt_[a-z0-9]{{25}}$|{CURSOR_PATTERN}");
    string().pattern(Some(pattern)).into()
}

fn malformed_after() -> Fault {
    Fault::new(Rule::InvalidString, "must be the ID of an event, or an ISO 8601 date or date-time")
}

/// The problem if `after` is the ID of an event that isn't in the feed.
pub fn unknown_after() -> Problem {
    Problem {
        rule: Rule::InvalidString,
        message: "after is not the ID of an event in this feed; the event may have been purged"
            .to_owned(),
        field: AFTER.to_owned(),
    }
}

fn parse_after(text: &str) -> Result<After, Fault> {
    if Event::is_id(text) {
        return Ok(After { given: text.to_owned(), position: Position::Event });
    }
    let time = parse_cursor(text).ok_or_else(malformed_after)?;
    // If the space is an unencoded plus sign, return the plus sign, so that a client that doesn't
    // percent-encode can send it again.
    let given = match Timestamp::parse(text) {
        Some(_) => text.trim().to_owned(),
        None => text.replace(' ', "+"),
    };
    Ok(After { given, position: Position::Time(time) })
}

/// A page of the feed, in the order in which it was read.
#[derive(Clone, Debug)]
pub struct EventFeedPage {
    pub events: Vec<Event>,
    /// Whether there are, or may be, more events in the same direction.
    pub has_more: bool,
    /// The `cursor` or `after` of the next request, depending on the direction.
    pub next: Option<String>,
}

impl Component for EventFeedPage {
    const NAME: &'static str = "Feed";

    fn component() -> Object {
        let items = ArrayBuilder::new().items(Event::schema()).max_items(Some(MAX_LIMIT as usize));
        let order = "The events of the page: newest first, or oldest first with `after`. There can \
                     be fewer than `limit`, or none, even if `has_more` is true.";
        let more = "Whether there may be more events: older ones, or newer ones with `after`.";
        // Not a date-time, for the same reason as a cursor.
        let next = nullable(String::schema());
        let next_says = "What to send next, unchanged. Without `after`, send it as `cursor`; it is \
                         null on the last page. With `after`, send it as `after`; it is never null.";
        ObjectSchema::new(&["A page of the event feed."])
            .constant("object", "list", &["The type of the object."])
            .property_with_schema("data", items.into(), &[order])
            .property::<bool>("has_more", &[more])
            .property_with_schema("next_cursor", next, &[next_says])
            .build()
    }
}

impl Serialize for EventFeedPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_struct("EventFeedPage", 4)?;
        list.serialize_field("object", "list")?;
        list.serialize_field("data", &self.events)?;
        list.serialize_field("has_more", &self.has_more)?;
        list.serialize_field("next_cursor", &self.next)?;
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::key::{Scope, Scopes};

    type Problems = Vec<(Rule, String)>;

    fn read(pairs: &[(&str, &str)]) -> Result<EventFeedQuery, Problems> {
        let pairs = pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
        Params::parse(pairs)
            .map_err(|problems| problems.into_iter().map(|p| (p.rule, p.field)).collect())
    }

    fn names(query: &EventFeedQuery, scopes: &[Scope]) -> Vec<&'static str> {
        let readable = ReadableTypes::from_scopes(&Scopes::new_or_all(scopes));
        query.types_for(readable).into_iter().map(<&str>::from).collect()
    }

    fn forward(text: &str) -> Option<After> {
        match read(&[("after", text)]).ok()?.walk {
            Walk::Forward(after) => Some(after),
            Walk::Backward { .. } => None,
        }
    }

    #[test]
    fn without_parameters_every_type_is_read_newest_first() {
        let query = read(&[]).unwrap();
        assert_eq!((query.limit, &query.walk), (25, &Walk::Backward { before: None }));
        let all = names(&query, &[]);
        assert_eq!(all.len(), 17);
        assert!(all.iter().all(|name| !name.starts_with("api_key.")));
    }

    #[test]
    fn types_and_patterns_add_up() {
        let query = read(&[
            ("type", "onboarding.launched"),
            ("type", "contact.*"),
            ("type", "contact.created"),
        ])
        .unwrap();
        let all = ["contact.created", "contact.updated", "contact.deleted", "onboarding.launched"];
        assert_eq!(names(&query, &[]), all);
        assert_eq!(names(&query, &[Scope::ReadOnboardings]), all[3..]);
        assert_eq!(names(&query, &[Scope::ReadCustomers, Scope::WriteContacts]), [""; 0]);
    }

    #[test]
    fn a_type_that_the_feed_does_not_show_is_refused() {
        for wrong in [
            "",
            "*",
            ".*",
            "customer",
            "customer.",
            "customer.**",
            "customer.c*",
            "Customer.created",
            " customer.created",
            "customer.created,contact.created",
            "api_key.created",
            "api_key.*",
            "webhook.ping",
        ] {
            let refused = Err(vec![(Rule::InvalidEnumValue, "type".to_owned())]);
            assert_eq!(read(&[("type", "customer.*"), ("type", wrong)]), refused, "{wrong}");
        }
    }

    #[test]
    fn after_is_an_id_or_a_time() {
        let id = format!("evt_{}", "0a".repeat(12) + "z");
        assert_eq!(forward(&id), Some(After { given: id.clone(), position: Position::Event }));
        for (text, same) in [
            ("2026-06-15", "2026-06-15T00:00:00Z"),
            ("2026-06-15T00:00:00.000001Z", "2026-06-15T00:00:00.000001Z"),
            ("2026-06-15T07:00:00+07:00", "2026-06-15T00:00:00Z"),
            ("2026-06-15 00:00:00z", "2026-06-15T00:00:00Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            let time = Timestamp::parse(same).unwrap();
            let expected = After { given: text.to_owned(), position: Position::Time(time) };
            assert_eq!(forward(text), Some(expected), "{text}");
        }
        let unencoded = forward("2026-06-15T07:00:00 07:00");
        assert_eq!(unencoded, forward("2026-06-15T07:00:00+07:00"));
        for wrong in [
            "",
            "evt_",
            "now",
            "1767268800",
            &id[..28],
            &format!("{id}0"),
            &id.to_uppercase(),
            &format!(" {id}"),
            "evt_0000000000000000000000é",
            " 2026-06-15",
            "2026-02-30",
        ] {
            let refused = Err(vec![(Rule::InvalidString, "after".to_owned())]);
            assert_eq!(read(&[("after", wrong)]), refused, "{wrong}");
        }
    }

    #[test]
    fn after_and_cursor_conflict() {
        let both = [("after", "2026-06-15"), ("cursor", "2026-06-15")];
        assert_eq!(read(&both), Err(vec![(Rule::ConflictingFields, "after".to_owned())]));
        let twice = [("after", "2026-06-15"), ("after", "2026-06-16")];
        assert_eq!(read(&twice), Err(vec![(Rule::InvalidType, "after".to_owned())]));
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        let wrong = [("after", "x"), ("type", "x"), ("limit", "0"), ("cursor", "x"), ("type", "y")];
        let problems = read(&wrong).unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|(_, field)| field.as_str()).collect();
        assert_eq!(fields, ["type", "limit", "cursor", "after"]);
    }

    proptest! {
        #[test]
        fn a_cursor_of_a_list_is_a_position_in_the_feed(micros in 0i64..250_000_000_000_000_000) {
            let time = Timestamp::from_micros(micros);
            let after = forward(&time.to_cursor()).unwrap();
            prop_assert_eq!(&after.position, &Position::Time(time));
            prop_assert_eq!(after.given, time.to_cursor());
        }

        #[test]
        fn every_new_event_id_is_a_position_in_the_feed(_ in 0..8) {
            let id = crate::model::event::new_event_id();
            prop_assert_eq!(forward(&id), Some(After { given: id, position: Position::Event }));
        }

        #[test]
        fn garbage_is_refused_without_a_panic(text in "(evt_)?.{0,40}") {
            let _ = read(&[("after", &text), ("type", &text), ("cursor", &text)]);
        }
    }
}
