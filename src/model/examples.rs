//! The example resources of the OpenAPI document and of webhook events.
//!
//! They tell one story: Aurora Shipping becomes a customer with Maya Lind as its contact, and its
//! rollout in Europe begins. The model creates the example responses from the example requests, so
//! they always match what the server returns.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::model::contact::{Contact, ContactPatch, NewContact};
use crate::model::customer::{Customer, CustomerPatch, NewCustomer};
use crate::model::event::{Actor, Event, EventType};
use crate::model::key::secret::Prefix;
use crate::model::key::{Key, Mode, Scopes, Tier};
use crate::model::onboarding::{Onboarding, OnboardingPatch};
use crate::model::parse::changes::Changes;
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::page::Page;
use crate::model::values::currency::Currency;
use crate::model::values::email::Email;
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{Workspace, WorkspaceNo};

pub const CUSTOMER: &str = "c03hakp1tilap900a3au3nyf9v";
const CONTACT: &str = "c03hakp1tmzwwn779dg8zzlq1x";
const ONBOARDING: &str = "c03hakp1tq1c85byp1qgfmghn9";
const ORGANIZATION: &str = "c03hakp1npvpx3y1ks4ux2wr0n";
const KEY: &str = "c03hakp1nzlpe4wplytx6vd32g";
const EVENT: &str = "evt_03hakp1u8px6pflwogj1vdu7c";

/// Returns the time this many milliseconds after the story starts, on November 24, 2026.
pub fn time(millis: i64) -> Timestamp {
    Timestamp::from_micros(1_795_497_316_504_000).plus_millis(millis)
}

fn id<R>(text: &str) -> Id<R> {
    Id::from_stored(text.to_owned())
}

/// Applies a request body to a value of the model.
pub(in crate::model) fn with_body<B: Body, T>(
    value: T,
    body: &Value,
    apply: impl FnOnce(B, &mut T),
) -> T {
    let mut value = value;
    let parsed = body.as_object().and_then(|body| Fields::parse(body).ok());
    if let Some(parsed) = parsed {
        apply(parsed, &mut value);
    }
    value
}

/// Returns a page with a single item.
pub fn page<T>(item: T) -> Page<T> {
    Page { data: vec![item], next: None }
}

pub fn new_customer() -> Value {
    json!({"name": "Aurora Shipping", "domain": "aurora.example", "status": "onboarding"})
}

pub fn customer() -> Customer {
    let name = Name::from_stored("Aurora Shipping".to_owned());
    let slug = Slug::from_name(name.as_str());
    let new = NewCustomer { name, slug: None, changes: Changes::empty() };
    let blank = new.create(id(CUSTOMER), DisplayId(1), slug, time(0));
    with_body(blank, &new_customer(), CustomerPatch::apply)
}

pub fn customer_patch() -> Value {
    json!({
        "status": "active",
        "plan": "Growth",
        "mrr": 120_000,
        "tags": ["europe"],
        "metadata": {"crm_owner": "dana"},
    })
}

pub fn patched_customer() -> Customer {
    let after = with_body(customer(), &customer_patch(), CustomerPatch::apply);
    Customer { updated_at: time(60_000), ..after }
}

pub fn new_contact() -> Value {
    json!({"name": "Maya Lind", "email": "maya@aurora.example", "is_primary": true})
}

pub fn contact() -> Contact {
    let new = NewContact {
        name: Name::from_stored("Maya Lind".to_owned()),
        email: Email::from_stored("maya@aurora.example".to_owned()),
        changes: Changes::empty(),
    };
    let blank = new.create(id(CONTACT), DisplayId(1), id(CUSTOMER), time(29));
    with_body(blank, &new_contact(), ContactPatch::apply)
}

pub fn contact_patch() -> Value {
    json!({"title": "Head of Operations", "labels": ["decision maker"]})
}

pub fn patched_contact() -> Contact {
    let after = with_body(contact(), &contact_patch(), ContactPatch::apply);
    Contact { updated_at: time(60_029), ..after }
}

pub fn new_onboarding() -> Value {
    json!({"customer_id": 1, "name": "EU rollout", "target_launch_date": "2027-03-01"})
}

pub fn onboarding() -> Onboarding {
    let blank = Onboarding::with_defaults(id(ONBOARDING), DisplayId(1), id(CUSTOMER), time(49));
    let apply = |patch: OnboardingPatch, to: &mut Onboarding| patch.apply(to, time(49));
    with_body(blank, &new_onboarding(), apply)
}

pub fn onboarding_patch() -> Value {
    json!({"phase": "program_design", "notes": "Kick-off with Maya on Monday."})
}

pub fn patched_onboarding() -> Onboarding {
    let apply = |patch: OnboardingPatch, to: &mut Onboarding| patch.apply(to, time(60_049));
    let after = with_body(onboarding(), &onboarding_patch(), apply);
    Onboarding { updated_at: time(60_049), ..after }
}

pub fn customer_event() -> Event {
    event(EventType::CustomerCreated, time(0), &customer(), None)
}

pub fn onboarding_event() -> Event {
    let before = json!({"phase": "before_getting_started", "started_at": null, "notes": null});
    event(EventType::OnboardingPhaseChanged, time(60_049), &patched_onboarding(), Some(&before))
}

fn event(
    kind: EventType,
    created_at: Timestamp,
    object: &impl Serialize,
    before: Option<&Value>,
) -> Event {
    let raw = |value: &Value| serde_json::value::to_raw_value(value).ok();
    let object = serde_json::value::to_raw_value(object);
    let (key, workspace) = (key(), workspace());
    Event {
        id: EVENT.to_owned(),
        kind,
        created_at,
        org_id: workspace.id,
        livemode: true,
        actor: Actor::key(&key.id, &key.name),
        object: object.unwrap_or_else(|_| RawValue::NULL.to_owned()),
        previous_attributes: before.and_then(raw),
    }
}

pub fn key() -> Key {
    Key {
        id: id(KEY),
        prefix: Prefix::new(Mode::Live, "kTtL7nZe"),
        name: Name::from_stored("First live key".to_owned()),
        mode: Mode::Live,
        workspace: workspace().slug,
        tier: Tier::Standard,
        scopes: Scopes::all(),
        created_at: time(-60_000),
        last_used_at: None,
        last_used_ip: None,
        request_count: 0,
        expires_at: None,
        revoked_at: None,
        replaces: None,
    }
}

pub fn workspace() -> Workspace {
    Workspace {
        no: WorkspaceNo(1),
        id: id(ORGANIZATION),
        slug: Slug::from_stored("default".to_owned()),
        name: Name::from_stored("Default".to_owned()),
        created_at: time(-60_000),
        currency: Currency::DEFAULT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_starts_on_the_documented_date() {
        assert_eq!(time(0).to_string(), "2026-11-24T05:15:16.504Z");
    }

    #[test]
    fn example_responses_match_the_example_requests() {
        let body = new_customer();
        let new: NewCustomer = Fields::parse(body.as_object().unwrap()).unwrap();
        let shown = customer();
        let created = new.create(shown.id.clone(), DisplayId(1), shown.slug.clone(), time(0));
        let text = |customer: &Customer| serde_json::to_string(customer).unwrap();
        assert_eq!(text(&created), text(&shown));
        assert!(contact().is_primary);
        assert_eq!(onboarding().name.unwrap().as_str(), "EU rollout");
        assert_eq!(patched_onboarding().started_at, Some(time(60_049)));
        assert_eq!(patched_contact().labels.iter().collect::<Vec<_>>(), ["decision maker"]);
        assert_eq!(patched_customer().metadata.as_str(), r#"{"crm_owner":"dana"}"#);
    }
}
