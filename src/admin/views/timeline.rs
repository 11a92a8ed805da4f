//! What happened to a customer, covered for people: each event with its sentence, what it is about,
//! who did it and when. For the page of a customer.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::admin::display;
use crate::admin::forms::resource_fields;
use crate::model::event::{Event, EventType};
use crate::model::values::time::Timestamp;

/// A line of the timeline.
pub(in crate::admin) struct Entry {
    /// What happened.
    pub summary: String,
    /// The contact or the onboarding that it happened to.
    pub about: Option<String>,
    /// Who did it.
    pub actor: String,
    pub at: Timestamp,
    /// How long ago that was.
    pub ago: String,
}

/// The lines of events, in their order. A change that other events of the same moment tell of has
/// none of its own.
pub(in crate::admin) fn entries(events: &[Event], now: &Timestamp) -> Vec<Entry> {
    let entry = |event: &Event| {
        let object = object(event.object.get());
        let previous = event.previous_attributes.as_deref().map(|raw| self::object(raw.get()));
        Some(Entry {
            summary: summary(event.kind, &object, previous.as_ref())?,
            about: about(&object),
            actor: display::actor(&event.actor),
            at: event.created_at,
            ago: display::relative(&event.created_at, now),
        })
    };
    events.iter().filter_map(entry).collect()
}

/// An event's object; one that cannot be read, which the store does not write, has no properties.
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

/// The sentence of an event; nothing when other events tell all of it.
fn summary(
    kind: EventType,
    object: &Map<String, Value>,
    previous: Option<&Map<String, Value>>,
) -> Option<String> {
    let none = Map::new();
    let before = previous.unwrap_or(&none);
    let general = || display::event(&kind).to_owned();
    match kind {
        EventType::CustomerArchived if previous.is_none() => Some("Customer deleted".to_owned()),
        EventType::CustomerUpdated => {
            let moved = transition(before, object, "status", display::status);
            let moved = moved.map(|way| format!("Status changed {way}"));
            Some(
                join_sentences(moved, changed(before, &["status"]))
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
            // Moves of these have events of their own, and bring the other three with them.
            let moves = before.contains_key("phase") || before.contains_key("state");
            let covered = ["phase", "state", "waiting_on_customer", "started_at", "completed_at"];
            changed(before, if moves { &covered } else { &[] })
        }
        EventType::OnboardingPhaseChanged => {
            let way = transition(before, object, "phase", display::phase);
            Some(way.map_or_else(general, |way| format!("Phase moved {way}")))
        }
        EventType::OnboardingStateChanged => {
            let way = transition(before, object, "state", display::state);
            Some(way.map_or_else(general, |way| format!("State changed {way}")))
        }
        _ => Some(general()),
    }
}

/// What is said of an update that changed nothing.
fn unchanged(kind: &EventType) -> String {
    let what = match kind {
        EventType::ContactUpdated => "Contact",
        EventType::OnboardingUpdated => "Onboarding",
        _ => "Customer",
    };
    format!("{what} saved without a change")
}

fn transition<E: FromStr>(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    property: &str,
    word: fn(&E) -> &'static str,
) -> Option<String> {
    let of = |values: &Map<String, Value>| {
        Some(word(&values.get(property)?.as_str()?.parse::<E>().ok()?))
    };
    Some(format!("from {} to {}", of(before)?, of(after)?))
}

/// The properties that changed, without those that are covered of in another way.
fn changed(before: &Map<String, Value>, covered: &[&str]) -> Option<String> {
    let names = before.keys().filter(|name| !covered.contains(&name.as_str()));
    let names: Vec<String> = names.map(|name| resource_fields::name_in_sentence(name)).collect();
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => format!("Changed {last}"),
        others => format!("Changed {} and {last}", others.join(", ")),
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
    fn moves_are_told_with_the_words_for_both_ends() {
        let (before, after) = (json!({"phase": "review"}), json!({"phase": "program_buildout"}));
        let said = "Phase moved from Review to Program buildout";
        assert_summary(
            EventType::OnboardingPhaseChanged,
            after.clone(),
            before.clone(),
            Some(said),
        );
        assert_summary(EventType::OnboardingUpdated, after, before, None);
        let (before, after) = (json!({"state": "active"}), json!({"state": "waiting"}));
        let said = "State changed from Active to Waiting on customer";
        assert_summary(EventType::OnboardingStateChanged, after, before, Some(said));
    }

    #[test]
    fn what_else_changed_is_named() {
        let before = json!({"phase": "review", "started_at": null, "notes": null, "csm_id": "x"});
        let said = "Changed notes and customer success manager";
        assert_summary(
            EventType::OnboardingUpdated,
            json!({"phase": "launch"}),
            before,
            Some(said),
        );
        let before = json!({"completed_at": null});
        assert_summary(EventType::OnboardingUpdated, json!({}), before, Some("Changed completion"));
        let before = json!({"status": "active", "plan": null, "mrr": 1, "tags": []});
        let said = "Status changed from Active to At risk. Changed plan, MRR and tags";
        assert_summary(
            EventType::CustomerUpdated,
            json!({"status": "at_risk"}),
            before,
            Some(said),
        );
    }

    #[test]
    fn a_deletion_is_told_from_the_status_archived_and_nothing_from_something() {
        assert_summary(
            EventType::CustomerArchived,
            json!({}),
            Value::Null,
            Some("Customer deleted"),
        );
        let before = json!({"status": "active"});
        assert_summary(EventType::CustomerArchived, json!({}), before, Some("Customer archived"));
        let said = "Customer saved without a change";
        assert_summary(EventType::CustomerUpdated, json!({}), json!({}), Some(said));
        let said = "Onboarding saved without a change";
        assert_summary(EventType::OnboardingUpdated, json!({}), json!({}), Some(said));
    }

    #[test]
    fn the_primary_contact_is_told_of() {
        let (was, is) = (json!({"is_primary": false}), json!({"is_primary": true}));
        let said = "Became the primary contact";
        assert_summary(EventType::ContactUpdated, is.clone(), was.clone(), Some(said));
        assert_summary(EventType::ContactUpdated, was, is, Some("No longer the primary contact"));
    }
}
