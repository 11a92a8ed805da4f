use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::faults_in_json;
use crate::model::key::Mode;
use crate::model::key::secret::KeySecret;
use crate::model::seed::seed_schema;
use crate::model::seed::text::parse;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = seed_schema("https://pivotal.example.com");
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
});

/// Checks that the parser and the schema agree on a seed, and returns whether they accept it.
fn is_accepted(seed: &Value) -> bool {
    let faults = faults_in_json(seed.clone());
    let violations: Vec<String> = SCHEMA
        .iter_errors(seed)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(faults.is_empty(), violations.is_empty(), "{seed}: {faults:?} {violations:?}");
    faults.is_empty()
}

fn customer(fields: Value) -> Value {
    let mut customer = Map::from_iter([("name".to_owned(), json!("Aurora"))]);
    customer.extend(fields.as_object().unwrap().clone());
    json!({"customers": [customer]})
}

fn contact(fields: Value) -> Value {
    let mut contact = json!({"name": "Ada", "email": "ada@example.com"});
    contact.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    contact
}

#[test]
fn the_schema_accepts_what_the_parser_accepts() {
    let id = format!("c{}", "a1".repeat(12));
    let live = KeySecret::generate_portable(Mode::Live).unwrap();
    let test = KeySecret::generate_portable(Mode::Test).unwrap();
    for seed in [
        json!({}),
        json!({"$schema": "seed.schema.json", "workspace": {"slug": "acme", "name": "Acme"}}),
        json!({"customers": [], "contacts": [], "onboardings": [], "keys": [], "webhooks": []}),
        customer(json!({"object": "customer", "id": id, "display_id": 7})),
        customer(json!({
            "id": id, "created_at": "-3d", "updated_at": "-1d12h", "deleted_at": "2026-06-15",
        })),
        customer(json!({"domain": null, "mrr": 100, "tags": ["a"], "metadata": {"a": [1]}})),
        customer(json!({"contacts": [contact(json!({"title": null, "is_primary": true}))]})),
        customer(json!({"onboardings": [
            {}, {"name": "Rollout", "phase": "launch", "state": "waiting", "completed_at": null},
            {"target_launch_date": "+2w", "waiting_on_customer": true, "reminder_frequency_days": 7},
        ]})),
        json!({"contacts": [contact(json!({"customer": "aurora"}))]}),
        json!({"onboardings": [{"customer_id": 1}, {"customer_id": id}, {"customer_id": "12"}]}),
        json!({"keys": [
            {"name": "CI"},
            {"name": "CI", "mode": "test", "tier": "paid", "scopes": ["read:customers"]},
            {"name": "CI", "key": live.reveal(), "mode": "live"},
            {"name": "CI", "key": test.reveal(), "mode": "test"},
            {"name": "CI", "key": test.reveal()},
        ]}),
        json!({"webhooks": [
            {"url": "https://example.com/hook"},
            {"url": "http://127.0.0.1:9000/", "mode": "test", "description": "Mine",
                "events": ["customer.created"], "fields": ["status"],
                "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        ]}),
    ] {
        assert!(is_accepted(&seed), "{seed}");
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let live = KeySecret::generate_portable(Mode::Live).unwrap();
    let test = KeySecret::generate_portable(Mode::Test).unwrap();
    for seed in [
        json!([]),
        json!("customers"),
        json!({"custmers": []}),
        json!({"$schema": 1}),
        json!({"workspace": {"slug": "acme"}}),
        json!({"workspace": {"slug": "Acme", "name": "Acme"}}),
        json!({"workspace": {"slug": "acme", "name": "Acme", "plan": "x"}}),
        json!({"customers": {}}),
        json!({"customers": [{}]}),
        json!({"customers": ["Aurora"]}),
        customer(json!({"nmae": "Aurora"})),
        customer(json!({"object": "contact"})),
        customer(json!({"id": "7"})),
        customer(json!({"display_id": 0})),
        customer(json!({"slug": null})),
        customer(json!({"status": "gone"})),
        customer(json!({"created_at": "-3x"})),
        customer(json!({"created_at": "yesterday"})),
        customer(json!({"updated_at": "-3d"})),
        customer(json!({"created_at": "-3d", "deleted_at": "-1d"})),
        customer(json!({"mrr": "100"})),
        customer(json!({"contacts": {}})),
        customer(json!({"contacts": [{"name": "Ada"}]})),
        customer(json!({"contacts": [contact(json!({"customer": "aurora"}))]})),
        customer(json!({"onboardings": [{"customer_id": 1}]})),
        customer(json!({"onboardings": [{"state": "active", "waiting_on_customer": true}]})),
        json!({"contacts": [contact(json!({}))]}),
        json!({"contacts": [contact(json!({"customer": "a", "customer_id": 1}))]}),
        json!({"onboardings": [{"customer": "Not a slug"}]}),
        json!({"keys": [{}]}),
        json!({"keys": [{"name": "CI", "scopes": []}]}),
        json!({"keys": [{"name": "CI", "scopes": ["all"]}]}),
        json!({"keys": [{"name": "CI", "key": "pivotal_x"}]}),
        json!({"keys": [{"name": "CI", "mode": "test", "key": live.reveal()}]}),
        json!({"keys": [{"name": "CI", "mode": "live", "key": test.reveal()}]}),
        json!({"webhooks": [{}]}),
        json!({"webhooks": [{"url": "example.com"}]}),
        json!({"webhooks": [{"url": "https://example.com", "events": []}]}),
        json!({"webhooks": [{"url": "https://example.com", "events": ["api_key.created"]}]}),
        json!({"webhooks": [{"url": "https://example.com", "fields": ["No name"]}]}),
        json!({"webhooks": [{"url": "https://example.com", "secret": "whsec_short"}]}),
    ] {
        assert!(!is_accepted(&seed), "{seed}");
    }
}

#[test]
fn the_seeds_in_the_documentation_are_valid() {
    let page = include_str!("../../../../docs/guides/seed-files.md");
    let mut seen = 0;
    for block in page.split("\n```").filter(|block| block.contains(" file=seed.")) {
        let (_, text) = block.split_once('\n').unwrap();
        assert!(is_accepted(&parse(text.as_bytes()).unwrap()), "{text}");
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn every_field_has_a_description() {
    let schema = seed_schema("https://pivotal.example.com");
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert!(definition["description"].is_string(), "{name}");
        for (field, schema) in definition["properties"].as_object().into_iter().flatten() {
            let text = schema["description"].as_str().unwrap_or_default();
            assert!(text.ends_with('.'), "{name}.{field}: {text}");
        }
    }
}

proptest! {
    #[test]
    fn the_schema_and_the_parser_agree_on_fields_and_types(
        field in "name|slug|status|created_at|updated_at|tags|metadata|mrr|contacts|object|other",
        value in prop_oneof![
            Just(json!(null)), Just(json!(true)), Just(json!(3)), Just(json!(-1.5)),
            Just(json!("x")), Just(json!("active")), Just(json!("-3d")), Just(json!("customer")),
            Just(json!([])), Just(json!(["x"])), Just(json!([1])), Just(json!({})),
            Just(json!({"a": 1})),
        ],
        in_list in any::<bool>(),
    ) {
        let fields = json!({field: value});
        is_accepted(&if in_list { customer(fields) } else { fields });
    }
}
