//! What a receiver gets: headers, signatures, and the same bytes each time.

use std::collections::BTreeSet;

use serde_json::json;

use super::receiver::{Receiver, unix_seconds};
use super::{create, deliveries, settled, start, wait_until};

#[test]
fn a_request_carries_the_envelope_and_both_families_of_headers() {
    let server = start(&[]);
    let receiver = Receiver::start();
    let endpoint = create(&server, &receiver.url(), &[]);
    let customer = server.client().customer("Aurora");
    settled(&server, &endpoint, 2);
    for request in receiver.requests() {
        assert_eq!(request.header("content-type"), "application/json");
        let agent = concat!("pivotal-server/", env!("CARGO_PKG_VERSION"));
        assert_eq!(request.header("user-agent"), agent);
        for name in ["id", "timestamp", "signature"] {
            let (svix, standard) = (format!("svix-{name}"), format!("webhook-{name}"));
            assert_eq!(request.header(&svix), request.header(&standard));
        }
        assert!(request.delivery().starts_with("msg_"));
        assert!(request.is_signed_with(&endpoint.secret));
        assert!(!request.is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let age = request.received_at - request.timestamp();
        assert!((0..60).contains(&age), "{age}");
        let body = request.json();
        let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
        let expected = ["id", "type", "created_at", "org_id", "livemode", "api_version", "data"];
        assert_eq!(fields, expected);
        let data: Vec<&String> = body["data"].as_object().unwrap().keys().collect();
        assert_eq!(data, ["object", "previous_attributes"]);
        assert_eq!((&body["livemode"], &body["api_version"]), (&json!(true), &json!("v1")));
    }
    let ping = receiver.requests_of("webhook.ping").remove(0).json();
    let object = json!({ "object": "webhook_endpoint", "id": endpoint.id, "url": receiver.url() });
    assert_eq!(ping["data"], json!({ "object": object, "previous_attributes": null }));
    let created = receiver.requests_of("customer.created").remove(0).json();
    assert_eq!(created["data"]["object"], customer);
    let activity = server.client().list("/customers/1/activity");
    assert_eq!(created["id"], activity[0]["id"]);
    assert_eq!(created["created_at"], activity[0]["created_at"]);
    assert_eq!(receiver.connections(), 1, "connections are reused");
}

#[test]
fn every_attempt_and_replay_sends_the_same_bytes_and_id_with_a_fresh_signature() {
    let server = start(&[("SCHEDULE", "0s,50ms,50ms")]);
    let receiver = Receiver::returning("500 Internal Server Error");
    let endpoint = create(&server, &receiver.url(), &[]);
    let metadata = json!({ "zeta": "ünïcödé \u{1f680}", "alpha": "1", "html": "<&>\u{2028}" });
    let body = json!({ "name": "Aurora \"x\" \\ é", "metadata": metadata });
    server.client().post("/customers", body).expect(201);
    let failed = settled(&server, &endpoint, 2).remove(1);
    assert_eq!((failed.status.as_str(), failed.attempts), ("failed", 3));
    // The resource is another one by now, and the process too.
    server.client().patch("/customers/1", json!({ "name": "Borealis" })).expect(200);
    settled(&server, &endpoint, 3);
    let server = super::with_keys(server.restart());
    let last = unix_seconds();
    wait_until("another second has begun", || unix_seconds() > last);
    receiver.set_status("200 OK");
    assert_eq!(server.json(&["webhooks", "replay", &failed.id])["queued"], 1);
    let after = settled(&server, &endpoint, 3).remove(1);
    assert_eq!((after.status.as_str(), after.attempts), ("delivered", 4));

    let requests = receiver.requests_of("customer.created");
    assert_eq!(requests.len(), 4);
    for request in &requests {
        assert_eq!(request.body, requests[0].body);
        assert_eq!(request.delivery(), failed.id);
        assert!(request.is_signed_with(&endpoint.secret));
    }
    let (first, last) = (&requests[0], &requests[3]);
    assert!(last.timestamp() > first.timestamp());
    assert_ne!(last.header("svix-signature"), first.header("svix-signature"));
    let sent = String::from_utf8(first.body.clone()).unwrap();
    let order: Vec<usize> = ["zeta", "alpha", "html"].map(|key| sent.find(key).unwrap()).into();
    assert!(order.is_sorted(), "{sent}");
    let kept = server.json(&["webhooks", "deliveries", &endpoint.id]);
    assert_eq!(kept.as_array().unwrap().len(), 3);
}

#[test]
fn one_change_with_several_events_makes_a_delivery_of_each() {
    let server = start(&[]);
    let receivers = [Receiver::start(), Receiver::start()];
    let endpoints = receivers.each_ref().map(|receiver| create(&server, &receiver.url(), &[]));
    let client = server.client();
    client.customer("Aurora");
    client.patch("/customers/1", json!({ "status": "at_risk" })).expect(200);
    for endpoint in &endpoints {
        settled(&server, endpoint, 4);
    }
    let events = |receiver: &Receiver| -> BTreeSet<(String, String)> {
        receiver
            .requests()
            .iter()
            .filter(|request| request.kind() != "webhook.ping")
            .map(|request| (request.kind(), request.event()))
            .collect()
    };
    let kinds: Vec<String> = events(&receivers[0]).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["customer.at_risk", "customer.created", "customer.updated"]);
    assert_eq!(events(&receivers[0]), events(&receivers[1]), "the id of an event is everywhere");
    let ids: BTreeSet<String> =
        endpoints.iter().flat_map(|one| deliveries(&server, one)).map(|one| one.id).collect();
    assert_eq!(ids.len(), 8, "the id of a delivery is one endpoint's");
    let updated = receivers[0].requests_of("customer.updated").remove(0).json();
    assert_eq!(updated["data"]["previous_attributes"], json!({ "status": "onboarding" }));
}

#[test]
fn an_update_of_the_url_counts_for_what_is_waiting() {
    let server = start(&[("SCHEDULE", "0s,1s")]);
    let (old, new) = (Receiver::returning("500 Internal Server Error"), Receiver::start());
    let endpoint = create(&server, &old.url(), &[]);
    wait_until("the first attempt was made", || old.count() == 1);
    server.json(&["webhooks", "update", &endpoint.id, "--url", &new.url()]);
    let ping = settled(&server, &endpoint, 1).remove(0);
    assert_eq!((ping.status.as_str(), new.count()), ("delivered", 1));
    assert_eq!(new.requests()[0].body, old.requests()[0].body);
}
