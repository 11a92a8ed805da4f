//! Which endpoints an event goes to: workspaces, modes, event types and fields.

use serde_json::json;

use super::receiver::Receiver;
use super::{Endpoint, create, deliveries, settled, start};
use crate::support::Server;

/// The names in the deliveries that an endpoint got, without pings.
fn received(receiver: &Receiver) -> Vec<String> {
    let mut all = receiver.requests();
    all.retain(|request| request.kind() != "webhook.ping");
    all.iter().map(|request| request.name()).collect()
}

/// The types of an endpoint's deliveries, without its first ping. They are written with the event.
fn kinds(server: &Server, endpoint: &Endpoint) -> Vec<String> {
    deliveries(server, endpoint).into_iter().skip(1).map(|one| one.kind).collect()
}

#[test]
fn a_live_endpoint_gets_live_events_and_a_test_endpoint_test_events() {
    let server = start(&[]);
    let (live, test) = (Receiver::start(), Receiver::start());
    let for_live = create(&server, &live.url(), &[]);
    let for_test = create(&server, &test.url(), &["--test"]);
    server.client().customer("Live");
    server.client_with(&server.test).customer("Test");
    settled(&server, &for_live, 2);
    settled(&server, &for_test, 2);
    assert_eq!(
        (received(&live), received(&test)),
        (vec!["Live".to_owned()], vec!["Test".to_owned()])
    );
    assert!(live.requests().iter().all(|request| request.json()["livemode"] == true));
    assert!(test.requests().iter().all(|request| request.json()["livemode"] == false));
    assert_ne!(for_live.secret, for_test.secret);
}

#[test]
fn no_event_leaves_its_workspace() {
    let server = start(&[]);
    let (own, foreign) = (Receiver::start(), Receiver::start());
    let other_client = server.other_workspace("other");
    let endpoint = create(&server, &own.url(), &[]);
    let args = ["webhooks", "create", "--workspace", "other", "--url", &foreign.url()];
    let created = server.json(&args);
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    let other = Endpoint { id: text("id"), secret: text("secret") };
    server.client().customer("Own");
    other_client.customer("Foreign");
    settled(&server, &endpoint, 2);
    settled(&server, &other, 2);
    assert_eq!(received(&own), ["Own"]);
    assert_eq!(received(&foreign), ["Foreign"]);
    let org = |receiver: &Receiver| receiver.requests()[0].json()["org_id"].clone();
    assert_ne!(org(&own), org(&foreign));
}

#[test]
fn types_and_fields_choose_among_events() {
    let server = start(&[]);
    let receiver = Receiver::start();
    let url = receiver.url();
    let all = create(&server, &url, &[]);
    let created = create(&server, &url, &["--event", "customer.created"]);
    let two = create(&server, &url, &["--event", "customer.updated", "--event", "contact.created"]);
    let status = create(&server, &url, &["--field", "status", "--field", "domain"]);
    let client = server.client();
    client.customer("Aurora");
    client.patch("/customers/1", json!({ "name": "Borealis" })).expect(200);
    client.patch("/customers/1", json!({ "domain": "aurora.example" })).expect(200);
    let contact = json!({ "name": "Maya", "email": "maya@aurora.example" });
    client.post("/customers/1/contacts", contact).expect(201);
    let updated = "customer.updated";
    assert_eq!(kinds(&server, &all), ["customer.created", updated, updated, "contact.created"]);
    assert_eq!(kinds(&server, &created), ["customer.created"]);
    assert_eq!(kinds(&server, &two), [updated, updated, "contact.created"]);
    assert_eq!(kinds(&server, &status), ["customer.created", updated, "contact.created"]);
    let last = settled(&server, &status, 4);
    let by_field = receiver
        .requests_of(updated)
        .into_iter()
        .find(|request| request.delivery() == last[2].id)
        .unwrap();
    assert_eq!(by_field.json()["data"]["object"]["domain"], "aurora.example");
}

#[test]
fn changes_of_keys_and_endpoints_are_never_delivered() {
    let server = start(&[]);
    let receiver = Receiver::start();
    let endpoint = create(&server, &receiver.url(), &[]);
    server.create_key(&[]);
    server.json(&["webhooks", "rotate", &endpoint.id]);
    server.json(&["webhooks", "update", &endpoint.id, "--description", "Billing"]);
    server.client().customer("Aurora");
    assert_eq!(kinds(&server, &endpoint), ["customer.created"]);
}

#[test]
fn a_deleted_endpoint_gets_nothing_more() {
    let server = start(&[("SCHEDULE", "0s,100ms,100ms,100ms")]);
    let (deleted, left) = (Receiver::returning("500 Internal Server Error"), Receiver::start());
    let endpoint = create(&server, &deleted.url(), &[]);
    let other = create(&server, &left.url(), &[]);
    super::wait_until("the first attempt was made", || deleted.count() > 0);
    let result = server.json(&["webhooks", "delete", &endpoint.id]);
    assert_eq!(result, json!({ "id": endpoint.id, "deleted": true }));
    let queued = deliveries(&server, &endpoint).len();
    server.client().customer("Aurora");
    assert_eq!(deliveries(&server, &endpoint).len(), queued);
    settled(&server, &other, 2);
    assert!(received(&deleted).is_empty());
    let refused = server.run(&["webhooks", "show", &endpoint.id]);
    assert!(super::refusal(&refused).contains("not found"));
}
