//! The examples of events, which test events are made from, look like what is really delivered.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{create, id};
use crate::support::{Client, Receiver, Server};

/// The types that are delivered, without the ping.
const TYPES: [&str; 17] = [
    "customer.created",
    "customer.updated",
    "customer.archived",
    "customer.at_risk",
    "customer.churned",
    "contact.created",
    "contact.updated",
    "contact.deleted",
    "onboarding.created",
    "onboarding.updated",
    "onboarding.phase_changed",
    "onboarding.state_changed",
    "onboarding.at_risk",
    "onboarding.back_on_track",
    "onboarding.launched",
    "onboarding.completed",
    "onboarding.deleted",
];

/// Makes changes that write an event of every type.
fn make_every_change(client: &Client) {
    client.customer("Aurora");
    for body in [
        json!({"plan": "Growth"}),
        json!({"status": "at_risk"}),
        json!({"status": "churned"}),
        json!({"status": "archived"}),
    ] {
        client.patch("/customers/1", body).expect(200);
    }
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    client.post("/customers/1/contacts", contact).expect(201);
    client.patch("/contacts/1", json!({"title": "COO"})).expect(200);
    client.delete("/contacts/1").expect(200);
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    for body in [
        json!({"notes": "Kick-off on Monday."}),
        json!({"state": "at_risk"}),
        json!({"state": "active"}),
        json!({"phase": "launch"}),
        json!({"phase": "completed"}),
    ] {
        client.patch("/onboardings/1", body).expect(200);
    }
    client.delete("/onboardings/1").expect(200);
}

/// The names of all fields, below each other, except those of previous attributes and metadata.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if name == "previous_attributes" {
            found.insert(format!("{path}: {}", if value.is_null() { "null" } else { "object" }));
            continue;
        }
        if name != "metadata" {
            fields(value, &path, found);
        }
        found.insert(path);
    }
}

fn shape(event: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    fields(event, "", &mut found);
    found
}

#[test]
fn the_example_of_every_type_has_the_fields_of_a_delivered_event() {
    let server = Server::start();
    let (real, examples) = (Receiver::start(), Receiver::start());
    create(&server, &real.url(), &[]);
    let for_examples = create(&server, &examples.url(), &["--test"]);
    make_every_change(&server.client());
    for kind in TYPES {
        server.json(&["webhooks", "send-test", id(&for_examples), "--event", kind]);
        let delivered = real.wait_for(kind).event();
        let example = examples.wait_for(kind).event();
        assert_eq!(shape(&example), shape(&delivered), "{kind}");
        assert_eq!((&delivered["livemode"], &example["livemode"]), (&json!(true), &json!(false)));
        let resource = &delivered["data"]["object"]["object"];
        assert_eq!(example["data"]["object"]["object"], *resource, "{kind}");
        let previous = &example["data"]["previous_attributes"];
        for (name, value) in previous.as_object().into_iter().flatten() {
            assert_ne!(example["data"]["object"].get(name), Some(value), "{kind}: {name}");
        }
    }
}
