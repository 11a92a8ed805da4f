//! Pings, test events, the delivery log and replays.

use serde_json::{Value, json};

use super::{create, error, id};
use crate::support::{Receiver, Server, run_with, wait_until};

fn deliveries(server: &Server, id: &str, more: &[&str]) -> Vec<Value> {
    let list = server.json(&[&["webhooks", "deliveries", id], more].concat());
    list.as_array().unwrap().clone()
}

/// Waits until nothing is pending, and returns the statuses of all deliveries, newest first.
fn settled(server: &Server, id: &str) -> Vec<String> {
    let statuses = || -> Vec<String> {
        let status = |delivery: &Value| delivery["status"].as_str().unwrap().to_owned();
        deliveries(server, id, &[]).iter().map(status).collect()
    };
    wait_until("nothing is pending", || !statuses().contains(&"pending".to_owned()));
    statuses()
}

#[test]
fn a_test_event_reaches_only_the_endpoint_and_no_activity() {
    let server = Server::start();
    let receiver = Receiver::start();
    let created = create(&server, &receiver.url(), &["--event", "contact.created"]);
    let send = ["webhooks", "send-test", id(&created), "--event", "customer.updated"];
    assert_eq!(server.json(&send), json!({"queued": 1}));
    let event = receiver.wait_for("customer.updated").event();
    assert_eq!(event["livemode"], false);
    assert_eq!(event["data"]["object"]["object"], "customer");
    assert!(event["data"]["previous_attributes"].is_object());
    assert_eq!(event["org_id"], server.client().get("/me").expect(200)["organization"]["id"]);
    assert_eq!(server.client().get("/events").expect(200)["data"], json!([]));
    settled(&server, id(&created));
    let listed = deliveries(&server, id(&created), &[]);
    assert_eq!(listed[0]["event_id"], event["id"]);
    assert_eq!(listed[0]["status"], "delivered");
    assert_eq!(listed[0]["last_attempt"]["status"], 200);
}

#[test]
fn a_test_event_can_have_data_of_your_own() {
    let server = Server::start();
    let receiver = Receiver::start();
    let created = create(&server, &receiver.url(), &[]);
    let file = server.dir().join("customer.json");
    std::fs::write(&file, "{\n  \"object\": \"customer\",\n  \"z\": 1.50,\n  \"a\": \"é\"\n}\n")
        .unwrap();
    let send = ["webhooks", "send-test", id(&created), "--event"];
    let from_file = ["customer.created", "--data", file.to_str().unwrap()];
    server.json(&[&send[..], &from_file].concat());
    let body = String::from_utf8(receiver.wait_for("customer.created").body).unwrap();
    let data =
        r#""data":{"object":{"object":"customer","z":1.50,"a":"é"},"previous_attributes":null}}"#;
    assert!(body.ends_with(data), "{body}");

    let from_stdin = [&send[..], &["onboarding.updated", "--data", "-"]].concat();
    let input = br#"{"object": {"id": "x"}, "previous_attributes": {"name": null}}"#;
    assert!(run_with(server.dir(), &from_stdin, input, &[]).status.success());
    let event = receiver.wait_for("onboarding.updated").event();
    let data = json!({"object": {"id": "x"}, "previous_attributes": {"name": null}});
    assert_eq!(event["data"], data);

    for (input, reason) in [("[]", "must be a JSON object"), ("{", "must be JSON")] {
        let refused = error(&run_with(server.dir(), &from_stdin, input.as_bytes(), &[]));
        assert!(
            refused.contains(&format!("can't use - as the event's data: it {reason}")),
            "{refused}"
        );
    }
    let large = format!(r#"{{"a":"{}"}}"#, "a".repeat(1 << 20));
    let refused = error(&run_with(server.dir(), &from_stdin, large.as_bytes(), &[]));
    assert!(refused.contains("at most 1 MiB"), "{refused}");
    let missing = [&send[..], &["customer.created", "--data", "missing.json"]].concat();
    assert!(error(&server.run(&missing)).contains("can't use missing.json"));
    server.json(&["webhooks", "disable", id(&created)]);
    let disabled = error(&server.run(&[&send[..], &["customer.created"]].concat()));
    assert!(disabled.contains("is disabled; run `pivotal-server webhooks enable "), "{disabled}");
}

#[test]
fn failed_and_skipped_deliveries_are_listed_and_replayed() {
    let variables = [("PIVOTAL_WEBHOOKS_SCHEDULE", "0s")];
    let server = Server::start_with(&variables);
    let receiver = Receiver::start();
    let created = create(&server, &receiver.url(), &[]);
    let id = id(&created);
    let client = server.client();
    client.customer("Delivered");
    receiver.wait_for("customer.created");
    assert_eq!(settled(&server, id), ["delivered", "delivered"]);
    receiver.respond_with(500);
    client.customer("Failed");
    assert_eq!(settled(&server, id)[0], "failed");
    server.json(&["webhooks", "disable", id]);
    client.customer("Skipped");
    assert_eq!(settled(&server, id), ["skipped", "failed", "delivered", "delivered"]);

    let unsuccessful = deliveries(&server, id, &["--failed"]);
    assert_eq!(unsuccessful.len(), 2);
    assert_eq!(unsuccessful[1]["last_attempt"]["status"], 500);
    let failed = unsuccessful[1]["id"].as_str().unwrap();
    assert_eq!(deliveries(&server, id, &["--limit", "1"]).len(), 1);
    assert_eq!(deliveries(&server, id, &["--since", "2000-01-01"]).len(), 4);
    assert_eq!(deliveries(&server, id, &["--since", "2999-01-01"]).len(), 0);
    let since = unsuccessful[1]["created_at"].as_str().unwrap();
    assert_eq!(deliveries(&server, id, &["--since", since]).len(), 2);

    let replay = ["webhooks", "replay", "--endpoint", id, "--since", "2000-01-01"];
    let disabled = error(&server.run(&replay));
    assert!(disabled.contains("is disabled"), "{disabled}");
    receiver.respond_with(200);
    server.json(&["webhooks", "enable", id]);
    let before = receiver
        .requests()
        .iter()
        .filter(|r| r.event()["id"] == unsuccessful[1]["event_id"])
        .count();
    assert_eq!(server.json(&["webhooks", "replay", failed]), json!({"queued": 1}));
    let again = || {
        let requests = receiver.requests();
        requests
            .into_iter()
            .filter(|r| r.event()["id"] == unsuccessful[1]["event_id"])
            .collect::<Vec<_>>()
    };
    wait_until("it is sent again", || again().len() > before);
    let again = again();
    assert_eq!(again[0].body, again[1].body, "the same bytes");
    assert_eq!(again[0].header("svix-id"), Some(failed));
    assert_eq!(again[1].header("svix-id"), Some(failed));
    settled(&server, id);

    assert_eq!(server.json(&[&replay[..], &["--failed"]].concat()), json!({"queued": 0}));
    assert_eq!(server.json(&replay), json!({"queued": 1}));
    assert!(settled(&server, id).iter().all(|status| status == "delivered"));
    let all = server.json(&[&replay[..], &["--all"]].concat());
    assert_eq!(all, json!({"queued": 5}));
}

#[test]
fn a_replay_of_nothing_known_is_refused_with_advice() {
    let server = Server::start();
    let delivery = "msg_0000000000000000000000000";
    let unknown = error(&server.run(&["webhooks", "replay", delivery]));
    assert!(unknown.contains(&format!("delivery {delivery} not found; ")), "{unknown}");
    let endpoint = "ep_0000000000000000000000000";
    let since = ["webhooks", "replay", "--endpoint", endpoint, "--since", "2026-01-01"];
    let unknown = error(&server.run(&since));
    assert!(unknown.contains(&format!("endpoint {endpoint} not found; ")), "{unknown}");
    for (args, named) in [
        (&["webhooks", "replay"][..], "<DELIVERY>"),
        (&["webhooks", "replay", "--endpoint", endpoint], "--since"),
        (&[&since[..5], &["yesterday"]].concat(), "must be a date"),
        (&["webhooks", "replay", endpoint], "msg_"),
        (&["webhooks", "show", delivery], "ep_"),
    ] {
        let output = server.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(super::stderr(&output).contains(named), "{args:?}: {}", super::stderr(&output));
    }
}
