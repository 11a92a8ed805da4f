//! Tests that a resource's JSON is read back as what it was, for all three of them.

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
        Onboarding::blank(Id::generate(), DisplayId(9), Id::generate(), at(CREATED_AT));
    read::<OnboardingPatch>(body).apply(&mut onboarding, at(CREATED_AT + 1_234_567));
    onboarding
}

/// The resource that is read from the JSON of another, which it is written as again.
fn read_back<R: Serialize + DeserializeOwned>(resource: &R) -> R {
    let json = serde_json::to_string(resource).unwrap();
    let back: R = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
    back
}

#[test]
fn every_choice_is_read_back() {
    for &status in CustomerStatus::VARIANTS {
        let body = json!({"name": "Aurora", "status": status});
        assert_eq!(read_back(&customer(&body)).status, status);
    }
    for &phase in Phase::VARIANTS {
        assert_eq!(read_back(&onboarding(&json!({"phase": phase}))).phase, phase);
    }
    for &state in State::VARIANTS {
        let back = read_back(&onboarding(&json!({"state": state})));
        assert_eq!((back.state, back.waiting_on_customer), (state, state == State::Waiting));
    }
}

#[test]
fn metadata_keeps_the_order_of_its_keys_and_every_digit() {
    let odd = r#"{"z":1,"a":1.0,"m":123456789012345678901234567890,"e":1e+400,"u":"\u0000"}"#;
    let metadata: Value = serde_json::from_str(odd).unwrap();
    let customer = customer(&json!({"name": "Aurora", "metadata": metadata}));
    assert_eq!(read_back(&customer).metadata.as_str(), odd);
}

#[test]
fn times_lose_what_is_not_shown() {
    let sent = json!({"phase": "review", "target_launch_date": "2027-03-01T10:20:30.456789+02:00"});
    let back = read_back(&onboarding(&sent));
    assert_eq!(back.created_at, at(CREATED_AT - 321));
    assert_eq!(back.started_at, Some(at(CREATED_AT + 1_234_567 - 888)));
    assert_eq!(back.target_launch_date, Timestamp::parse("2027-03-01T08:20:30.456Z"));
}

#[test]
fn what_is_stored_is_not_judged_again() {
    let stored = json!({
        "object": "contact", "id": "c1", "display_id": 1, "customer_id": "c2", "name": "",
        "email": "no address", "title": "x".repeat(1000), "is_primary": false, "labels": ["a", "a"],
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
    });
    let back: Contact = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(serde_json::to_value(&back).unwrap(), stored);
}

#[test]
fn a_nullable_property_that_an_older_document_lacks_has_no_value() {
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

/// A body that mentions some of the properties, as null where it may be.
fn body(
    values: Vec<(&'static str, bool, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Map<String, Value>> {
    let property = |(name, nullable, value): (&'static str, bool, BoxedStrategy<Value>)| {
        let sent = prop_oneof![4 => value, i32::from(nullable) as u32 => Just(Value::Null)];
        prop::option::of(sent).prop_map(move |value| Some((name.to_owned(), value?)))
    };
    let properties: Vec<_> = values.into_iter().map(property).collect();
    properties.prop_map(|found| found.into_iter().flatten().collect())
}

fn customer_body() -> impl Strategy<Value = Map<String, Value>> {
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

fn contact_body() -> impl Strategy<Value = Map<String, Value>> {
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
    fn a_customer_is_read_back_and_changes_as_before(
        mut new in customer_body(),
        patch in customer_body(),
    ) {
        new.insert("name".to_owned(), "Aurora".into());
        let mut customer = customer(&Value::Object(new));
        let mut back = read_back(&customer);
        let patch = Value::Object(patch);
        read::<CustomerPatch>(&patch).apply(&mut customer);
        read::<CustomerPatch>(&patch).apply(&mut back);
        prop_assert_eq!(json!(back), json!(customer));
    }

    #[test]
    fn a_contact_is_read_back_and_changes_as_before(mut new in contact_body(), patch in contact_body()) {
        new.insert("name".to_owned(), "Maya".into());
        new.insert("email".to_owned(), "maya@aurora.example".into());
        let mut contact = contact(&Value::Object(new));
        let mut back = read_back(&contact);
        let patch = Value::Object(patch);
        read::<ContactPatch>(&patch).apply(&mut contact);
        read::<ContactPatch>(&patch).apply(&mut back);
        prop_assert_eq!(json!(back), json!(contact));
    }

    #[test]
    fn an_onboarding_is_read_back_and_changes_as_before(
        new in onboarding_body(),
        patch in onboarding_body(),
    ) {
        let mut onboarding = onboarding(&Value::Object(new));
        let mut back = read_back(&onboarding);
        let patch = Value::Object(patch);
        let later = at(CREATED_AT + 5_000_000);
        read::<OnboardingPatch>(&patch).apply(&mut onboarding, later);
        read::<OnboardingPatch>(&patch).apply(&mut back, later);
        prop_assert_eq!(json!(back), json!(onboarding));
    }
}
