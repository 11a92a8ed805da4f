use proptest::prelude::*;

use super::{faults_in_text, now};
use crate::model::seed::Seed;
use crate::model::transfer::{CustomerKey, Entry, Place};
use crate::model::values::time::Timestamp;

const SEED: &str = "
workspace: {slug: acme, name: Acme}
customers:
  - name: Aurora
    slug: aurora
    created_at: -3d
    contacts:
      - {name: Ada, email: ada@aurora.example}
    onboardings:
      - {name: Rollout, phase: launch, target_launch_date: +2w}
  - {name: Borealis, id: cborealis00000000000000000, created_at: -2d, updated_at: -1d12h, deleted_at: -1d}
contacts:
  - {customer: aurora, name: Bob, email: bob@aurora.example}
onboardings:
  - {customer_id: 1, name: Second}
keys: [{name: CI, mode: test, scopes: ['read:customers']}]
webhooks: [{url: 'https://example.com/hook', events: [customer.created]}]
";

#[test]
fn a_customer_comes_before_what_belongs_to_it() {
    let seed = Seed::read(SEED.as_bytes(), now()).unwrap();
    assert_eq!(seed.faults, []);
    let mut places = Vec::new();
    for row in seed.rows() {
        let Place::Path(place) = row.place else { panic!() };
        let owner = match row.entry.unwrap() {
            Entry::Contact { customer, .. } | Entry::Onboarding { customer, .. } => Some(customer),
            _ => None,
        };
        places.push((place, owner.map(|owner| format!("{owner:?}"))));
    }
    let parent = Some(format!("{:?}", CustomerKey::Parent));
    let places: Vec<_> =
        places.iter().map(|(place, owner)| (place.as_str(), owner.clone())).collect();
    assert_eq!(
        places[..4],
        [
            ("customers[0]", None),
            ("customers[0].contacts[0]", parent.clone()),
            ("customers[0].onboardings[0]", parent),
            ("customers[1]", None),
        ]
    );
    assert_eq!(places[4].0, "contacts[0]");
    assert!(places[4].1.as_ref().unwrap().contains("aurora"), "{places:?}");
    assert_eq!(places[5].0, "onboardings[0]");
}

#[test]
fn relative_times_count_from_the_import() {
    let seed = Seed::read(SEED.as_bytes(), now()).unwrap();
    let deleted = seed.rows().nth(3).unwrap();
    let Ok(Entry::Customer(row)) = deleted.entry else { panic!() };
    let times = [row.created_at, row.updated_at, row.deleted_at];
    let expected = ["2026-06-13T12:00:00Z", "2026-06-14T00:00:00Z", "2026-06-14T12:00:00Z"];
    assert_eq!(times, expected.map(Timestamp::parse));
    assert!(row.keeps_times());
}

#[test]
fn every_fault_is_reported_with_its_path() {
    let text = "
workspace: {slug: Acme}
custmers: []
customers:
  - name: 42
    slug:
    tags: [a, 7]
    contacts:
      - {name: Ada, emial: ada@example.com, customer_id: 1}
      - just text
    onboardings: {name: Rollout}
  - {name: B, object: contact, createdAt: -3x, created_at: -3x}
contacts:
  - {name: C, email: c@example.com}
  - {name: C, email: c@example.com, customer: a, customer_id: aurora}
keys: [{name: K, mode: live, key: pivotal_x, tier: gold}]
webhooks: [{url: ftp://x, events: [customer.creatd]}]
";
    let found = faults_in_text(text);
    let expected = [
        "custmers: custmers is not a field of a seed; did you mean customers?",
        "workspace.name: name is required",
        "workspace.slug: slug must contain only lowercase letters and digits, with single hyphens \
         between words",
        "keys[0].tier: tier must be one of: standard, paid, unlimited",
        "keys[0].key: key must be a whole API key: `pivotal_` or `pivotal_test_` and 46 letters \
         and digits, as `pivotal-server keys generate` prints it",
        "webhooks[0].url: url must start with https:// (or http://, for a loopback address)",
        "webhooks[0].events[0]: events.0 must be one of: customer.created, ",
        "customers[0].onboardings: onboardings must be a list",
        "customers[0].name: name must be a string; put it in quotes",
        "customers[0].slug: slug must be a string; leave slug out if it has no value",
        "customers[0].tags[1]: tags.1 must be a string; put it in quotes",
        "customers[0].contacts[0].emial: emial is not a field of a contact; did you mean email?",
        "customers[0].contacts[0].customer_id: customer_id must be left out here: the customer is \
         the one around it",
        "customers[0].contacts[0].email: email is required",
        "customers[0].contacts[1]: must be an object",
        "customers[1].object: object must be customer here",
        "customers[1].createdAt: createdAt is not a field of a customer; did you mean created_at?",
        "customers[1].created_at: created_at must be a time such as -3d, +2w, or -1d12h to be \
         relative to the import",
        "contacts[0].customer: customer is required here: the slug of a customer, or customer_id",
        "contacts[1].customer_id: customer and customer_id say the same; keep one of them",
        "contacts[1].customer_id: customer_id must be the id or the display_id of a customer; a \
         slug goes in customer",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_seed_must_be_an_object() {
    for (text, expected) in [
        ("", "seed: the seed is empty"),
        ("# nothing\n", "seed: the seed is empty"),
        ("- customers", "seed: a seed must be an object with workspace, customers, contacts"),
        ("{}x", "line 1: column 3: trailing characters"),
        ("{\"object\":\"export\"}\n{}\n", "line 1: this is an export in JSON Lines"),
    ] {
        let found = faults_in_text(text);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
    }
    assert!(faults_in_text("{}").is_empty());
}

#[test]
fn a_secret_never_appears_in_a_fault() {
    let key = format!("pivotal_{}", "S3cret".repeat(7));
    let text = format!("keys: [{{name: K, key: {key}x}}]\nwebhooks: [{{secret: whsec_{key}}}]");
    let found = faults_in_text(&text).join("\n");
    assert!(found.contains("keys[0].key") && !found.contains("S3cret"), "{found}");
}

proptest! {
    #[test]
    fn no_text_causes_a_panic(text in "[a-z{}\\[\\]:,&*'\"#\n -]{0,80}") {
        faults_in_text(&text);
        faults_in_text(&format!("customers:\n - {text}\n"));
    }

    #[test]
    fn no_bytes_cause_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(seed) = Seed::read(&bytes, now()) {
            super::faults(seed);
        }
    }
}
