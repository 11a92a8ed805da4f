//! Tests that customers, contacts, and onboardings round-trip through their JSON.

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use strum::VariantArray;

use super::contact::{Contact, ContactPatch, NewContact};
use super::customer::{Customer, CustomerPatch, CustomerStatus, NewCustomer};
use super::onboarding::{Onboarding, OnboardingPatch, Phase, State};
use super::parse::fields::{Body, Fields};
use super::values::id::{DisplayId, Id};
use super::values::slug::Slug;
use super::values::time::Timestamp;

const CREATED_AT: i64 = 1_795_497_316_504_321;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn read<B: Body>(body: &Value) -> B {
    Fields::parse(body.as_object().unwrap()).ok().unwrap()
}

fn customer(body: &Value) -> Customer {
    let new: NewCustomer = read(body);
    new.create(Id::generate(), DisplayId(7), Slug::parse("aurora").unwrap(), at(CREATED_AT))
}

fn contact(body: &Value) -> Contact {
    let new: NewContact = read(body);
    new.create(Id::generate(), DisplayId(8), Id::generate(), at(CREATED_AT))
}

fn onboarding(body: &Value) -> Onboarding {
    let mut onboarding =
        Onboarding::with_defaults(Id::generate(), DisplayId(9), Id::generate(), at(CREATED_AT));
    read::<OnboardingPatch>(body).apply(&mut onboarding, at(CREATED_AT + 1_234_567));
    onboarding
}

/// Deserializes a resource from its own JSON, and checks that it serializes to the same JSON.
fn round_trip<R: Serialize + DeserializeOwned>(resource: &R) -> R {
    let json = serde_json::to_string(resource).unwrap();
    let back: R = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
    back
}

#[test]
fn every_enum_value_round_trips() {
    for &status in CustomerStatus::VARIANTS {
        let body = json!({"name": "Aurora", "status": status});
        assert_eq!(round_trip(&customer(&body)).status, status);
    }
    for &phase in Phase::VARIANTS {
        assert_eq!(round_trip(&onboarding(&json!({"phase": phase}))).phase, phase);
    }
    for &state in State::VARIANTS {
        let back = round_trip(&onboarding(&json!({"state": state})));
        assert_eq!((back.state, back.waiting_on_customer), (state, state == State::Waiting));
    }
}

#[test]
fn metadata_preserves_key_order_and_number_digits() {
    let odd = r#"{"z":1,"a":1.0,"m":123456789012345678901234567890,"e":1e+400,"u":"\u0000"}"#;
    let metadata: Value = serde_json::from_str(odd).unwrap();
    let customer = customer(&json!({"name": "Aurora", "metadata": metadata}));
    assert_eq!(round_trip(&customer).metadata.as_str(), odd);
}

#[test]
fn times_are_truncated_to_milliseconds() {
    let sent = json!({"phase": "review", "target_launch_date": "2027-03-01T10:20:30.456789+02:00"});
    let back = round_trip(&onboarding(&sent));
    assert_eq!(back.created_at, at(CREATED_AT - 321));
    assert_eq!(back.started_at, Some(at(CREATED_AT + 1_234_567 - 888)));
    assert_eq!(back.target_launch_date, Timestamp::parse("2027-03-01T08:20:30.456Z"));
}

#[test]
fn stored_values_are_not_validated_again() {
    let stored = json!({
        "object": "contact", "id": "c1", "display_id": 1, "customer_id": "c2", "name": "",
        "email": "no address", "title": "x".repeat(1000), "is_primary": false, "labels": ["a", "a"],
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
    });
    let back: Contact = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(serde_json::to_value(&back).unwrap(), stored);
}

#[test]
fn a_nullable_field_that_an_older_document_lacks_is_none() {
    let mut stored = serde_json::to_value(customer(&json!({"name": "Aurora"}))).unwrap();
    stored.as_object_mut().unwrap().remove("hubspot_deal_id");
    let back: Customer = serde_json::from_value(stored).unwrap();
    assert!(back.hubspot_deal_id.is_none());
}

fn text() -> impl Strategy<Value = Value> {
    "[^\u{0}]{0,30}".prop_map(Value::from)
}

fn id() -> impl Strategy<Value = Value> {
    "[ -~äßøλ本]{0,20}".prop_map(Value::from)
}

fn time() -> impl Strategy<Value = Value> {
    (-62_135_596_800_000_000i64..=253_402_300_799_999_999)
        .prop_map(|micros| at(micros).to_cursor().into())
}

fn amount() -> impl Strategy<Value = Value> {
    (0..=9_007_199_254_740_991i64).prop_map(Value::from)
}

fn labels() -> impl Strategy<Value = Value> {
    prop::collection::vec("[a-zäλ本\"\\\\ ]{0,9}[a-z]", 0..5).prop_map(Value::from)
}

fn metadata() -> impl Strategy<Value = Value> {
    let number = "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,4})?"
        .prop_map(|digits| serde_json::from_str(&digits).unwrap());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        number,
    ];
    let value =
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                object(inner),
            ]
        });
    object(value)
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((".{0,6}", value), 0..4)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

fn one_of<E: VariantArray + Serialize>() -> impl Strategy<Value = Value> {
    prop::sample::select(E::VARIANTS.iter().map(|choice| json!(choice)).collect::<Vec<_>>())
}

/// A body with some of the fields, some of them null if they are nullable.
fn body(
    values: Vec<(&'static str, bool, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Map<String, Value>> {
    let field = |(name, nullable, value): (&'static str, bool, BoxedStrategy<Value>)| {
        let sent = prop_oneof![4 => value, i32::from(nullable) as u32 => Just(Value::Null)];
        prop::option::of(sent).prop_map(move |value| Some((name.to_owned(), value?)))
    };
    let fields: Vec<_> = values.into_iter().map(field).collect();
    fields.prop_map(|found| found.into_iter().flatten().collect())
}

pub(crate) fn customer_body() -> impl Strategy<Value = Map<String, Value>> {
    body(vec![
        ("domain", true, "[a-zäλ]{1,9}(\\.[a-z]{1,9}){0,3}".prop_map(Value::from).boxed()),
        ("status", false, one_of::<CustomerStatus>().boxed()),
        ("plan", true, text().boxed()),
        ("mrr", true, amount().boxed()),
        ("monthly_orders", true, amount().boxed()),
        ("hubspot_company_id", true, id().boxed()),
        ("hubspot_deal_id", true, id().boxed()),
        ("stripe_customer_id", true, id().boxed()),
        ("intercom_company_id", true, id().boxed()),
        ("slack_channel_id", true, id().boxed()),
        ("tags", false, labels().boxed()),
        ("metadata", false, metadata().boxed()),
    ])
}

pub(crate) fn contact_body() -> impl Strategy<Value = Map<String, Value>> {
    body(vec![
        ("title", true, text().boxed()),
        ("is_primary", false, any::<bool>().prop_map(Value::from).boxed()),
        ("labels", false, labels().boxed()),
    ])
}

fn onboarding_body() -> impl Strategy<Value = Map<String, Value>> {
    body(vec![
        ("name", true, text().boxed()),
        ("template_id", true, id().boxed()),
        ("phase", false, one_of::<Phase>().boxed()),
        ("state", false, one_of::<State>().boxed()),
        ("started_at", true, time().boxed()),
        ("completed_at", true, time().boxed()),
        ("target_launch_date", true, time().boxed()),
        ("csm_id", true, id().boxed()),
        ("se_id", true, id().boxed()),
        ("designer_id", true, id().boxed()),
        ("product_ops_id", true, id().boxed()),
        ("notes", true, text().boxed()),
        ("reminders_enabled", false, any::<bool>().prop_map(Value::from).boxed()),
        ("reminder_frequency_days", false, (1..=365).prop_map(Value::from).boxed()),
    ])
}

proptest! {
    #[test]
    fn a_customer_round_trips_and_can_still_be_updated(
        mut new in customer_body(),
        patch in customer_body(),
    ) {
        new.insert("name".to_owned(), "Aurora".into());
        let mut customer = customer(&Value::Object(new));
        let mut back = round_trip(&customer);
        let patch = Value::Object(patch);
        read::<CustomerPatch>(&patch).apply(&mut customer);
        read::<CustomerPatch>(&patch).apply(&mut back);
        prop_assert_eq!(json!(back), json!(customer));
    }

    #[test]
    fn a_contact_round_trips_and_can_still_be_updated(mut new in contact_body(), patch in contact_body()) {
        new.insert("name".to_owned(), "Maya".into());
        new.insert("email".to_owned(), "maya@aurora.example".into());
        let mut contact = contact(&Value::Object(new));
        let mut back = round_trip(&contact);
        let patch = Value::Object(patch);
        read::<ContactPatch>(&patch).apply(&mut contact);
        read::<ContactPatch>(&patch).apply(&mut back);
        prop_assert_eq!(json!(back), json!(contact));
    }

    #[test]
    fn an_onboarding_round_trips_and_can_still_be_updated(
        new in onboarding_body(),
        patch in onboarding_body(),
    ) {
        let mut onboarding = onboarding(&Value::Object(new));
        let mut back = round_trip(&onboarding);
        let patch = Value::Object(patch);
        let later = at(CREATED_AT + 5_000_000);
        read::<OnboardingPatch>(&patch).apply(&mut onboarding, later);
        read::<OnboardingPatch>(&patch).apply(&mut back, later);
        prop_assert_eq!(json!(back), json!(onboarding));
    }
}
