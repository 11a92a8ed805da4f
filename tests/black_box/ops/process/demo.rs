//! The demo workspace: what it contains, that it is reproducible, and that it never touches
//! existing data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pivotal_server::demo;
use pivotal_server::model::clock::{Clock, SystemClock};
use pivotal_server::model::customer::{CustomerFilter, CustomerStatus};
use pivotal_server::model::event::{EventFilter, ReadableTypes};
use pivotal_server::model::onboarding::{OnboardingFilter, OwnerFilter, Phase, State};
use pivotal_server::model::parse::page::{Page, PageRequest};
use pivotal_server::model::values::id::Ref;
use pivotal_server::model::values::slug::Slug;
use pivotal_server::model::values::time::Timestamp;
use pivotal_server::store::{Store, Watch};
use serde_json::{Value, json};
use strum::VariantNames;

use crate::support::{Client, ManualClock, Server, location};

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// All values of a field in a list.
fn values<'v>(list: &'v [Value], property: &str) -> BTreeSet<&'v str> {
    list.iter().filter_map(|item| item[property].as_str()).collect()
}

fn time(value: &Value) -> Timestamp {
    Timestamp::parse(value.as_str().unwrap()).unwrap()
}

fn days_before(now: Timestamp, then: Timestamp) -> i64 {
    (now.as_micros() - then.as_micros()) / DAY
}

#[test]
fn the_demo_has_every_status_phase_and_state_and_is_readable_through_the_api() {
    let server = Server::start_new();
    let made = server.json(&["demo"]);
    assert_eq!((&made["workspace"], &made["seed"]), (&json!("demo"), &json!(1)));
    let client = server.client_with(made["key"]["key"].as_str().unwrap());
    assert_eq!(client.get("/me").expect(200)["organization"]["slug"], "demo");

    let customers = client.walk("/customers");
    assert_eq!(customers.len(), 40);
    assert_eq!(made["customers"], 40);
    assert_eq!(values(&customers, "status"), CustomerStatus::VARIANTS.iter().copied().collect());
    let onboardings = client.walk("/onboardings");
    assert_eq!(made["onboardings"], onboardings.len());
    assert_eq!(values(&onboardings, "phase"), Phase::VARIANTS.iter().copied().collect());
    assert_eq!(values(&onboardings, "state"), State::VARIANTS.iter().copied().collect());

    let mut contacts = 0;
    for customer in &customers {
        let of_one = client.walk(&format!("/customers/{}/contacts", customer["display_id"]));
        assert_eq!(of_one.iter().filter(|contact| contact["is_primary"] == true).count(), 1);
        contacts += of_one.len();
        let own = client.walk(&format!("/customers/{}/onboardings", customer["display_id"]));
        assert!(!own.is_empty());
    }
    assert_eq!(made["contacts"], contacts);
    assert!(server.client().walk("/customers").is_empty(), "other workspaces must not change");
}

#[test]
fn the_history_is_consistent() {
    let server = Server::start_new();
    let made = server.json(&["demo"]);
    let client = server.client_with(made["key"]["key"].as_str().unwrap());
    let now = SystemClock.now();
    let customers = client.walk("/customers");
    let oldest = time(&customers.last().unwrap()["created_at"]);
    assert_eq!(time(&made["since"]), oldest);
    assert!((89..=90).contains(&days_before(now, oldest)), "{oldest}");
    let numbers: Vec<_> = customers.iter().map(|c| c["display_id"].as_i64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|later, earlier| later > earlier));

    let mut overdue = 0;
    for onboarding in client.walk("/onboardings") {
        let (started, completed) = (&onboarding["started_at"], &onboarding["completed_at"]);
        assert_eq!(started.is_null(), onboarding["phase"] == "before_getting_started");
        assert_eq!(completed.is_null(), onboarding["phase"] != "completed");
        let target = time(&onboarding["target_launch_date"]);
        overdue += i32::from(completed.is_null() && target < now);
        let path = format!("/onboardings/{}/activity", onboarding["display_id"]);
        let moves = client.walk(&format!("{path}?type=onboarding.phase_changed"));
        let moments: Vec<_> = moves.iter().map(|event| &event["data"]["object"]).collect();
        assert_eq!(moments.last().map_or(&Value::Null, |first| &first["updated_at"]), started);
        let all = client.walk(&path);
        let (last, first) = (&all[0], &all[all.len() - 1]);
        assert_eq!(
            last["data"]["object"], onboarding,
            "the last event must contain the current state"
        );
        assert_eq!(first["type"], "onboarding.created");
        assert_eq!(first["created_at"], onboarding["created_at"]);
        assert_eq!(first["actor"]["name"], "Onboarding board");
    }
    assert!(overdue > 0);

    // The timelines of all customers, including the deleted one.
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for number in 1..=41 {
        let timeline = client.walk(&format!("/customers/{number}/activity"));
        let times: Vec<_> = timeline.iter().map(|event| time(&event["created_at"])).collect();
        assert!(times.is_sorted_by(|later, earlier| later >= earlier) && times[0] < now);
        for event in &timeline {
            *kinds.entry(event["type"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let deleted = !numbers.contains(&number);
        assert_eq!(deleted, client.get(&format!("/customers/{number}")).status == 404);
        assert!(!deleted || timeline[0]["type"] == "customer.archived");
    }
    assert_eq!(kinds["customer.created"], 41);
    for customer in customers.iter().filter(|customer| customer["status"] == "churned") {
        let own = client.walk(&format!("/customers/{}/onboardings", customer["display_id"]));
        assert!(own.iter().all(|onboarding| onboarding["state"] == "paused"), "{own:?}");
    }
    for kind in [
        "customer.at_risk",
        "customer.churned",
        "contact.updated",
        "contact.deleted",
        "onboarding.at_risk",
        "onboarding.back_on_track",
        "onboarding.launched",
        "onboarding.completed",
        "onboarding.deleted",
    ] {
        assert!(kinds.contains_key(kind), "{kind}");
    }
    let keys = server.json(&["keys", "list", "--workspace", "demo"]);
    let live: Vec<_> =
        keys.as_array().unwrap().iter().filter(|k| k["revoked_at"].is_null()).collect();
    assert_eq!(live.len(), 1, "keys with unknown secrets must be revoked");
    assert_eq!(live[0]["name"], "Demo");
}

#[test]
fn later_changes_come_after_the_history() {
    let server = Server::start_new();
    // The workspace's own keys are newer than the history that it gets.
    server.json(&["demo", "--workspace", "default"]);
    let client = server.client();
    let newest = |path: &str| client.list(&format!("{path}?limit=1"))[0].clone();
    assert!(days_before(SystemClock.now(), time(&newest("/customers")["created_at"])) >= 1);
    let number = newest("/customers")["display_id"].as_i64().unwrap();
    let added = client.customer("Added");
    assert_eq!(added["display_id"], number + 1);
    assert_eq!(newest("/customers"), added);
    client.patch("/customers/1", json!({ "tags": ["seen"] })).expect(200);
    assert_eq!(newest("/customers/1/activity")["data"]["object"]["tags"], json!(["seen"]));
    let sql = "SELECT count(*) FROM events JOIN sequences USING (workspace_no)
               WHERE sequences.resource = 'event' AND events.created_at > sequences.created_at";
    let later: i64 = server.sql().value(sql, []);
    assert_eq!(later, 0, "no event may be newer than the sequence");
}

#[test]
fn a_workspace_that_has_or_had_customers_is_left_unchanged() {
    let server = Server::start_new();
    let client = server.client();
    client.customer("Aurora");
    let refused = || {
        let output = server.run(&["demo", "--workspace", "default"]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("has or had customers"), "{said}");
        assert_eq!(said.lines().count(), 1);
    };
    refused();
    client.delete("/customers/1").expect(200);
    refused();
    assert!(client.walk("/customers").is_empty());
    assert_eq!(server.json(&["keys", "list"]).as_array().unwrap().len(), 2);
    server.json(&["demo", "--workspace", "elsewhere", "--seed", "7"]);
}

#[test]
fn the_demo_can_be_the_first_command_in_a_new_directory() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let output = crate::support::command(dir.path()).arg("demo").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("Filled workspace `demo` with 40 customers, "), "{said}");
    let key = said.split_whitespace().find(|word| word.starts_with("pivotal_")).unwrap();
    let server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.live, "", "the workspace and its key must exist already");
    assert_eq!(
        Client::new(server.address(), Some(key)).get("/customers").expect(200)["has_more"],
        true
    );
}

/// Everything that the demo creates with this seed on this day, without IDs and with times relative
/// to that day.
fn fill_and_dump(seed: u64, now: &str) -> String {
    let now = Timestamp::parse(now).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(now));
    let store = Store::open_or_create(location(dir.path()), clock).unwrap();
    let slug = Slug::parse("demo").unwrap();
    let watch: Arc<dyn Watch> = Arc::new(());
    demo::fill(&store, &slug, seed, &watch).unwrap();
    let all = store.read(|reader| {
        let reader = reader.for_workspace(reader.workspace(&slug)?.unwrap().no);
        let page = PageRequest { limit: 1000, before: None };
        let customers = reader.customers::<Page<_>>(&CustomerFilter::default(), &page)?.data;
        let every = OnboardingFilter::default();
        let onboardings = reader.onboardings::<Page<_>>(&OwnerFilter::Any, &every, &page)?.data;
        let mut contacts = Vec::new();
        let mut events = Vec::new();
        for customer in &customers {
            let named = Ref::Id(customer.id.clone());
            contacts.push(reader.contacts_of::<Page<_>>(&named, &page)?.data);
            let all = EventFilter::default();
            events.push(reader.customer_activity(&named, ReadableTypes::ALL, &all, &page)?.data);
        }
        Ok(serde_json::to_string(&(customers, onboardings, contacts, events)).unwrap())
    });
    let mut all: Value = serde_json::from_str(&all.unwrap()).unwrap();
    let midnight = now.as_micros() / DAY * DAY;
    normalize(&mut all, midnight);
    all.to_string()
}

fn normalize(value: &mut Value, midnight: i64) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| normalize(item, midnight)),
        Value::Object(entries) => {
            for (name, value) in entries {
                if name == "id" || name == "customer_id" || name == "org_id" {
                    *value = Value::Null;
                }
                normalize(value, midnight);
            }
        }
        Value::String(text) if text.len() == 24 && text.ends_with('Z') => {
            *value = json!(Timestamp::parse(text).unwrap().as_micros() - midnight);
        }
        _ => {}
    }
}

#[test]
fn the_same_seed_creates_the_same_data_on_any_day() {
    let one = fill_and_dump(1, "2026-03-04T05:06:07.890Z");
    assert_eq!(one, fill_and_dump(1, "2026-03-04T05:06:07.890Z"));
    assert_eq!(one, fill_and_dump(1, "2028-12-31T23:59:59.999Z"));
    assert_ne!(one, fill_and_dump(2, "2026-03-04T05:06:07.890Z"));
}

#[test]
fn every_seed_works() {
    for seed in [0, 2, 3, 1 << 40, u64::MAX] {
        fill_and_dump(seed, "2026-03-04T00:00:00Z");
    }
}
