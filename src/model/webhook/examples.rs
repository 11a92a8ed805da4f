//! Examples of all events that can be delivered, for the documentation, test events, and people who
//! write receivers. They continue the story of [`crate::model::examples`] and are created by the
//! same rules as real events.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::endpoint::Endpoint;
use super::envelope::{Envelope, PING, has_previous_attributes, ping_object};
use super::id::EndpointId;
use super::subscription::{DELIVERED, Subscription};
use super::url::EndpointUrl;
use crate::model::customer::{Customer, CustomerPatch};
use crate::model::event::EventType;
use crate::model::examples::{
    contact, customer, onboarding, patched_contact, patched_customer, patched_onboarding, time,
    with_body, workspace,
};
use crate::model::key::Mode;
use crate::model::onboarding::{Onboarding, OnboardingPatch};
use crate::model::previous_values::previous_values;
use crate::model::values::text::Line;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceId;

const DAY: i64 = 24 * 60 * 60 * 1000;
const ENDPOINT: &str = "ep_03hakp1wq0w4x3m0ep1lbv5xd";

/// An example of an event. It is live, like the events of changes made with a live key.
#[derive(Debug)]
pub struct ExampleEvent {
    pub id: String,
    pub kind: &'static str,
    pub created_at: Timestamp,
    org_id: WorkspaceId,
    /// The resource, which becomes `data.object`.
    pub object: Box<RawValue>,
    pub previous_attributes: Option<Box<RawValue>>,
}

impl ExampleEvent {
    /// Returns the request body that a receiver gets.
    pub fn envelope(&self) -> Envelope<'_> {
        Envelope {
            id: &self.id,
            kind: self.kind,
            created_at: self.created_at,
            org_id: &self.org_id,
            livemode: true,
            object: &self.object,
            previous_attributes: self.previous_attributes.as_deref(),
        }
    }
}

/// Returns an example of every type in display order, `webhook.ping` last.
pub fn examples() -> Vec<ExampleEvent> {
    DELIVERED.into_iter().filter_map(example).chain([ping()]).collect()
}

/// Returns an example of an event of this type; `None` if the type is never delivered.
pub fn example(kind: EventType) -> Option<ExampleEvent> {
    Some(match kind {
        EventType::CustomerCreated => create(kind, time(0), &customer()),
        EventType::CustomerUpdated => change(kind, time(60_000), &customer(), &patched_customer()),
        EventType::CustomerAtRisk => change(kind, time(90 * DAY), &patched_customer(), &at_risk()),
        EventType::CustomerChurned => change(kind, time(150 * DAY), &at_risk(), &churned()),
        EventType::CustomerArchived => change(kind, time(180 * DAY), &churned(), &archived()),
        EventType::ContactCreated => create(kind, time(29), &contact()),
        EventType::ContactUpdated => change(kind, time(60_029), &contact(), &patched_contact()),
        EventType::ContactDeleted => create(kind, time(120 * DAY), &patched_contact()),
        EventType::OnboardingCreated => create(kind, time(49), &onboarding()),
        EventType::OnboardingUpdated | EventType::OnboardingPhaseChanged => {
            change(kind, time(60_049), &onboarding(), &patched_onboarding())
        }
        EventType::OnboardingStateChanged | EventType::OnboardingAtRisk => {
            change(kind, time(20 * DAY), &patched_onboarding(), &delayed())
        }
        EventType::OnboardingBackOnTrack => change(kind, time(30 * DAY), &delayed(), &resumed()),
        EventType::OnboardingLaunched => change(kind, time(97 * DAY), &resumed(), &launched()),
        EventType::OnboardingCompleted => change(kind, time(110 * DAY), &launched(), &completed()),
        EventType::OnboardingDeleted => create(kind, time(120 * DAY), &completed()),
        EventType::ApiKeyCreated
        | EventType::ApiKeyRevoked
        | EventType::WebhookEndpointCreated
        | EventType::WebhookEndpointUpdated
        | EventType::WebhookEndpointEnabled
        | EventType::WebhookEndpointDisabled
        | EventType::WebhookEndpointRotated
        | EventType::WebhookEndpointDeleted
        | EventType::CustomerPurged
        | EventType::ContactPurged => return None,
    })
}

/// Returns an example of a ping.
pub fn ping() -> ExampleEvent {
    event(PING, time(-30_000), &endpoint().map(|endpoint| ping_object(&endpoint)), None)
}

fn at_risk() -> Customer {
    customer_after(patched_customer(), &json!({"status": "at_risk"}), time(90 * DAY))
}

fn churned() -> Customer {
    customer_after(at_risk(), &json!({"status": "churned"}), time(150 * DAY))
}

fn archived() -> Customer {
    customer_after(churned(), &json!({"status": "archived"}), time(180 * DAY))
}

fn customer_after(before: Customer, body: &Value, now: Timestamp) -> Customer {
    let after = with_body(before, body, CustomerPatch::apply);
    Customer { updated_at: now, ..after }
}

fn delayed() -> Onboarding {
    onboarding_after(patched_onboarding(), &json!({"state": "at_risk"}), time(20 * DAY))
}

fn resumed() -> Onboarding {
    onboarding_after(delayed(), &json!({"state": "active"}), time(30 * DAY))
}

fn launched() -> Onboarding {
    onboarding_after(resumed(), &json!({"phase": "launch"}), time(97 * DAY))
}

fn completed() -> Onboarding {
    onboarding_after(launched(), &json!({"phase": "completed"}), time(110 * DAY))
}

fn onboarding_after(before: Onboarding, body: &Value, now: Timestamp) -> Onboarding {
    let after = with_body(before, body, |patch: OnboardingPatch, to| patch.apply(to, now));
    Onboarding { updated_at: now, ..after }
}

/// Returns the endpoint that the ping is sent to.
fn endpoint() -> Option<Endpoint> {
    Some(Endpoint {
        id: EndpointId::from_stored(ENDPOINT.to_owned()),
        workspace: workspace().slug,
        url: EndpointUrl::parse("https://example.com/webhooks").ok()?,
        description: Line::from_stored(String::new()),
        mode: Mode::Live,
        subscription: Subscription::default(),
        disabled: None,
        failures: 0,
        created_at: time(-30_000),
        updated_at: time(-30_000),
        old_secret_expires_at: None,
        expires_at: None,
    })
}

/// Returns the event for a resource that was created or deleted.
fn create(kind: EventType, created_at: Timestamp, object: &impl Serialize) -> ExampleEvent {
    event(kind.into(), created_at, object, None)
}

/// Returns the event for a resource that was updated.
fn change<R: Serialize>(
    kind: EventType,
    created_at: Timestamp,
    before: &R,
    after: &R,
) -> ExampleEvent {
    let previous =
        has_previous_attributes(kind).then(|| previous_values(fields(before), &fields(after)));
    event(kind.into(), created_at, after, previous.as_ref())
}

fn fields(resource: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(resource) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn event(
    kind: &'static str,
    created_at: Timestamp,
    object: &impl Serialize,
    previous: Option<&Map<String, Value>>,
) -> ExampleEvent {
    let raw = |object: serde_json::Result<Box<RawValue>>| {
        object.unwrap_or_else(|_| RawValue::NULL.to_owned())
    };
    ExampleEvent {
        id: id(kind),
        kind,
        created_at,
        org_id: workspace().id,
        object: raw(to_raw_value(object)),
        previous_attributes: previous.map(|previous| raw(to_raw_value(previous))),
    }
}

/// Returns an id that no other example has.
fn id(kind: &str) -> String {
    let place = DELIVERED.iter().position(|&delivered| <&str>::from(delivered) == kind);
    let last = place.and_then(|place| char::from_digit(u32::try_from(place).ok()?, 36));
    format!("evt_03hakp1u8px6pflwogj1vdu7{}", last.unwrap_or('z'))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::event::{customer_update_events, onboarding_update_events};

    fn json(example: &ExampleEvent) -> Value {
        serde_json::to_value(example.envelope()).unwrap()
    }

    #[test]
    fn every_delivered_type_and_the_ping_have_an_example_with_a_unique_id() {
        let all = examples();
        let kinds: Vec<&str> = all.iter().map(|example| example.kind).collect();
        let expected = DELIVERED.iter().map(|&kind| kind.into()).chain([PING]);
        assert_eq!(kinds, expected.collect::<Vec<&str>>());
        assert_eq!(all.iter().map(|example| &example.id).collect::<HashSet<_>>().len(), 18);
        for example in &all {
            let event = json(example);
            assert_eq!(example.id.len(), "evt_".len() + 25);
            let resource = example.kind.split('.').next().unwrap();
            let resource = if resource == "webhook" { "webhook_endpoint" } else { resource };
            assert_eq!(event["data"]["object"]["object"], resource, "{event}");
            let expected = EventType::try_from(example.kind).is_ok_and(has_previous_attributes);
            assert_eq!(event["data"]["previous_attributes"].is_object(), expected, "{event}");
        }
        assert!(example(EventType::ApiKeyCreated).is_none());
        assert!(EndpointId::parse(ENDPOINT).is_some());
    }

    #[test]
    fn applying_the_example_changes_produces_these_events() {
        for (kind, before, after) in [
            (EventType::CustomerUpdated, customer(), patched_customer()),
            (EventType::CustomerAtRisk, patched_customer(), at_risk()),
            (EventType::CustomerChurned, at_risk(), churned()),
            (EventType::CustomerArchived, churned(), archived()),
        ] {
            assert!(customer_update_events(&before, &after).contains(&kind), "{kind:?}");
        }
        for (kind, before, after) in [
            (EventType::OnboardingPhaseChanged, onboarding(), patched_onboarding()),
            (EventType::OnboardingStateChanged, patched_onboarding(), delayed()),
            (EventType::OnboardingAtRisk, patched_onboarding(), delayed()),
            (EventType::OnboardingBackOnTrack, delayed(), resumed()),
            (EventType::OnboardingLaunched, resumed(), launched()),
            (EventType::OnboardingCompleted, launched(), completed()),
        ] {
            assert!(onboarding_update_events(&before, &after).contains(&kind), "{kind:?}");
        }
        assert_eq!(completed().completed_at, Some(time(110 * DAY)));
    }

    #[test]
    fn previous_attributes_hold_the_previous_values_of_the_changed_fields() {
        let previous = |kind| json(&example(kind).unwrap())["data"]["previous_attributes"].clone();
        assert_eq!(
            previous(EventType::CustomerUpdated),
            json!({
                "status": "onboarding",
                "plan": null,
                "mrr": null,
                "tags": [],
                "metadata": {},
            })
        );
        assert_eq!(
            previous(EventType::OnboardingPhaseChanged),
            json!({"phase": "before_getting_started", "started_at": null, "notes": null})
        );
        assert_eq!(previous(EventType::OnboardingStateChanged), json!({"state": "active"}));
        assert_eq!(previous(EventType::CustomerAtRisk), Value::Null);
    }
}
