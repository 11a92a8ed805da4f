//! The timeline of a customer's page: a summary of each event, with its actor and time.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::admin::display;
use crate::admin::forms::resource_fields;
use crate::admin::links;
use crate::model::event::{Event, EventType};
use crate::model::values::id::DisplayId;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::{Delivery, DeliveryStatus};
use crate::model::webhook::endpoint::Endpoint;

pub(in crate::admin) struct Entry {
    pub summary: String,
    /// The name of the contact or onboarding, or the URL of the webhook endpoint; `None` for the
    /// customer itself.
    pub about: Option<String>,
    /// The path of the onboarding, or of the webhook delivery.
    pub path: Option<String>,
    /// The actor, or the type of the event that was delivered.
    pub actor: String,
    pub at: Timestamp,
    /// The time relative to now, such as `3 days ago`.
    pub ago: String,
}

/// Returns the entries for events, in the same order, with the deliveries of each event above it.
/// Skips an update if other events of the same moment already cover everything it changed.
pub(in crate::admin) fn entries(
    events: &[Event],
    deliveries: &[(Delivery, Endpoint)],
    now: &Timestamp,
) -> Vec<Entry> {
    let entry = |event: &Event| {
        let object = object(event.object.get());
        let previous = event.previous_attributes.as_deref().map(|raw| self::object(raw.get()));
        Some(Entry {
            summary: summary(event.kind, &object, previous.as_ref())?,
            about: about(&object),
            path: onboarding_path(&object),
            actor: display::actor(&event.actor),
            at: event.created_at,
            ago: display::relative(&event.created_at, now),
        })
    };
    let of_event = |event: &Event| {
        let deliveries = deliveries.iter().filter(|(delivery, _)| delivery.event_id == event.id);
        let deliveries: Vec<Entry> =
            deliveries.filter_map(|(sent, endpoint)| delivery(sent, endpoint, now)).collect();
        deliveries.into_iter().chain(entry(event))
    };
    events.iter().flat_map(of_event).collect()
}

/// Returns the entry for a delivery, or `None` while it has no result.
fn delivery(delivery: &Delivery, endpoint: &Endpoint, now: &Timestamp) -> Option<Entry> {
    let at = delivery.last_attempt.as_ref()?.started_at;
    Some(Entry {
        summary: delivery_summary(delivery.status)?.to_owned(),
        about: Some(endpoint.url.to_string()),
        path: Some(format!("/admin/webhooks/{}/deliveries/{}", endpoint.id, delivery.id)),
        actor: delivery.kind.clone(),
        at,
        ago: display::relative(&at, now),
    })
}

/// Returns the summary of a delivery that succeeded or was given up.
pub(in crate::admin) fn delivery_summary(status: DeliveryStatus) -> Option<&'static str> {
    match status {
        DeliveryStatus::Delivered => Some("Webhook delivered"),
        DeliveryStatus::Failed => Some("Webhook failed"),
        DeliveryStatus::Pending | DeliveryStatus::Skipped => None,
    }
}

/// Parses an event's object. The store only writes objects; anything else counts as empty.
fn object(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

fn about(object: &Map<String, Value>) -> Option<String> {
    let text =
        |name: &str| object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let number = object.get("display_id").map(Value::to_string).unwrap_or_default();
    match text("object")? {
        "contact" => Some(text("name").unwrap_or("A contact").to_owned()),
        "onboarding" => {
            Some(text("name").map_or_else(|| format!("Onboarding {number}"), str::to_owned))
        }
        _ => None,
    }
}

/// Returns the path of the onboarding that an event is about, which also works once it is deleted.
fn onboarding_path(object: &Map<String, Value>) -> Option<String> {
    let is_onboarding = object.get("object").and_then(Value::as_str) == Some("onboarding");
    let number = object.get("display_id").and_then(Value::as_i64).filter(|_| is_onboarding)?;
    Some(links::onboarding_path_from(DisplayId(number)))
}

/// Returns the summary of an event, or `None` if other events cover it.
fn summary(
    kind: EventType,
    object: &Map<String, Value>,
    previous: Option<&Map<String, Value>>,
) -> Option<String> {
    let none = Map::new();
    let before = previous.unwrap_or(&none);
    let label = || display::event(&kind).to_owned();
    match kind {
        EventType::CustomerArchived if previous.is_none() => Some("Customer deleted".to_owned()),
        EventType::CustomerUpdated => {
            let status = transition(before, object, "status", display::status);
            let status = status.map(|change| format!("Status changed {change}"));
            Some(
                join_sentences(status, changed(before, &["status"]))
                    .unwrap_or_else(|| unchanged(&kind)),
            )
        }
        EventType::ContactUpdated => {
            let is_primary = object.get("is_primary").and_then(Value::as_bool).unwrap_or_default();
            let role = before.get("is_primary").map(|_| match is_primary {
                true => "Became the primary contact".to_owned(),
                false => "No longer the primary contact".to_owned(),
            });
            Some(
                join_sentences(role, changed(before, &["is_primary"]))
                    .unwrap_or_else(|| unchanged(&kind)),
            )
        }
        EventType::OnboardingUpdated if before.is_empty() => Some(unchanged(&kind)),
        EventType::OnboardingUpdated => {
            // A new phase or state has its own event and also sets the other three fields.
            let has_own_event = before.contains_key("phase") || before.contains_key("state");
            let covered = ["phase", "state", "waiting_on_customer", "started_at", "completed_at"];
            changed(before, if has_own_event { &covered } else { &[] })
        }
        EventType::OnboardingPhaseChanged => {
            let change = transition(before, object, "phase", display::phase);
            Some(change.map_or_else(label, |change| format!("Phase changed {change}")))
        }
        EventType::OnboardingStateChanged => {
            let change = transition(before, object, "state", display::state);
            Some(change.map_or_else(label, |change| format!("State changed {change}")))
        }
        _ => Some(label()),
    }
}

/// Returns the summary of an update that changed nothing.
fn unchanged(kind: &EventType) -> String {
    let resource = match kind {
        EventType::ContactUpdated => "Contact",
        EventType::OnboardingUpdated => "Onboarding",
        _ => "Customer",
    };
    format!("{resource} saved without changes")
}

fn transition<E: FromStr>(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    field: &str,
    label: fn(&E) -> &'static str,
) -> Option<String> {
    let label_of =
        |values: &Map<String, Value>| Some(label(&values.get(field)?.as_str()?.parse::<E>().ok()?));
    Some(format!("from {} to {}", label_of(before)?, label_of(after)?))
}

/// Lists the changed fields, without those that are covered in another way.
fn changed(before: &Map<String, Value>, covered: &[&str]) -> Option<String> {
    let names = before.keys().filter(|name| !covered.contains(&name.as_str()));
    let names: Vec<String> = names.map(|name| resource_fields::name_in_sentence(name)).collect();
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => format!("Changed {last}"),
        [first] => format!("Changed {first} and {last}"),
        others => format!("Changed {}, and {last}", others.join(", ")),
    })
}

fn join_sentences(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first}. {second}")),
        (first, second) => first.or(second),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assert_summary(kind: EventType, object: Value, previous: Value, expected: Option<&str>) {
        let previous = previous.as_object();
        assert_eq!(summary(kind, object.as_object().unwrap(), previous).as_deref(), expected);
    }

    #[test]
    fn moves_name_the_old_and_new_value() {
        let (before, after) = (json!({"phase": "review"}), json!({"phase": "program_buildout"}));
        let expected = "Phase changed from Review to Program buildout";
        assert_summary(
            EventType::OnboardingPhaseChanged,
            after.clone(),
            before.clone(),
            Some(expected),
        );
        assert_summary(EventType::OnboardingUpdated, after, before, None);
        let (before, after) = (json!({"state": "active"}), json!({"state": "waiting"}));
        let expected = "State changed from Active to Waiting on customer";
        assert_summary(EventType::OnboardingStateChanged, after, before, Some(expected));
    }

    #[test]
    fn other_changed_fields_are_listed() {
        let before = json!({"phase": "review", "started_at": null, "notes": null, "csm_id": "x"});
        let expected = "Changed notes and customer success manager";
        assert_summary(
            EventType::OnboardingUpdated,
            json!({"phase": "launch"}),
            before,
            Some(expected),
        );
        let before = json!({"completed_at": null});
        assert_summary(
            EventType::OnboardingUpdated,
            json!({}),
            before,
            Some("Changed completion time"),
        );
        let before = json!({"status": "active", "plan": null, "mrr": 1, "tags": []});
        let expected = "Status changed from Active to At risk. Changed plan, MRR, and tags";
        assert_summary(
            EventType::CustomerUpdated,
            json!({"status": "at_risk"}),
            before,
            Some(expected),
        );
    }

    #[test]
    fn deleting_differs_from_archiving_and_empty_updates_are_marked() {
        assert_summary(
            EventType::CustomerArchived,
            json!({}),
            Value::Null,
            Some("Customer deleted"),
        );
        let before = json!({"status": "active"});
        assert_summary(EventType::CustomerArchived, json!({}), before, Some("Customer archived"));
        let expected = "Customer saved without changes";
        assert_summary(EventType::CustomerUpdated, json!({}), json!({}), Some(expected));
        let expected = "Onboarding saved without changes";
        assert_summary(EventType::OnboardingUpdated, json!({}), json!({}), Some(expected));
    }

    #[test]
    fn changes_of_the_primary_contact_are_described() {
        let (was, is) = (json!({"is_primary": false}), json!({"is_primary": true}));
        let expected = "Became the primary contact";
        assert_summary(EventType::ContactUpdated, is.clone(), was.clone(), Some(expected));
        assert_summary(EventType::ContactUpdated, was, is, Some("No longer the primary contact"));
    }
}
