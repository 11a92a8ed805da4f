//! Waiting for webhooks.

use std::net::TcpListener;

use serde_json::json;

use super::start;
use crate::support::Receiver;

#[test]
fn a_drain_waits_until_everything_that_is_due_was_delivered() {
    let (server, control) = start();
    control.drain();
    let receiver = Receiver::start();
    let url = receiver.url();
    server.json(&["webhooks", "create", "--workspace", "default", "--url", &url]);
    control.drain();
    assert_eq!(receiver.requests().len(), 1, "the ping");
    for number in 0..10 {
        server.client().customer(&format!("Customer {number}"));
    }
    control.drain();
    let created = |request: &crate::support::Request| request.event()["type"] == "customer.created";
    assert_eq!(receiver.requests().iter().filter(|request| created(request)).count(), 10);
}

#[test]
fn a_drain_ends_with_408_if_a_receiver_does_not_respond() {
    let (server, control) = start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    server.json(&["webhooks", "create", "--workspace", "default", "--url", &url]);
    let drained = control.post("/drain", json!({"timeout_ms": 100}));
    let error = drained.expect(408)["error"].clone();
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("invalid_request_error"), &json!("not_drained"))
    );
    assert!(error["message"].as_str().unwrap().contains("after 100 ms"), "{error}");
    control.post("/drain", json!({"timeout_ms": 60_001})).refused(400, "too_big", "timeout_ms");
}
