//! The events that an import records, and what is delivered.

use serde_json::json;

use super::{contact, counts, create_workspace, customer, export, file, import_ok};
use crate::support::{Receiver, Server};

/// The types of the deliveries of all endpoints, apart from pings.
fn deliveries(server: &Server) -> Vec<String> {
    let sql = "SELECT type FROM webhook_deliveries WHERE type <> 'webhook.ping' ORDER BY no";
    server.sql().query(sql, [], |row| row.get(0))
}

#[test]
fn an_import_without_events_records_its_own_and_delivers_them_only_on_request() {
    let server = Server::start();
    let receiver = Receiver::start();
    let url = receiver.url();
    server.json(&["webhooks", "create", "--workspace", "default", "--url", &url]);
    let silent = file(&[customer(1), contact(1, 1)]);
    import_ok(&server, "default", &silent, &[]);
    assert_eq!(deliveries(&server), [""; 0]);
    let events = server.client().list("/customers/1/activity");
    let types: Vec<_> = events.as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["contact.created", "customer.created"]);
    assert_eq!(events[0]["actor"], json!({"type": "admin", "id": "cli", "name": "command line"}));
    assert_eq!(events[0]["livemode"], true);

    let loud = file(&[customer(2), contact(2, 1)]);
    import_ok(&server, "default", &loud, &["--deliver"]);
    assert_eq!(deliveries(&server), ["customer.created", "contact.created"]);
    let received = receiver.wait_for("customer.created").event();
    assert_eq!(received["data"]["object"]["slug"], "customer-2");
}

#[test]
fn an_import_with_events_records_and_delivers_nothing_else() {
    let source = Server::start();
    let client = source.other_workspace("acme");
    client.customer("Aurora");
    client
        .patch("/customers/1", json!({"metadata": {"b": 1.50, "a": "\u{1f600}\u{7f}"}}))
        .expect(200);
    client.post("/onboardings", json!({"customer_id": 1, "phase": "review"})).expect(201);
    client.patch("/onboardings/1", json!({"phase": "launch"})).expect(200);
    let lines = export(&source, "acme", &["--events"]);
    assert!(lines.iter().any(|line| line.contains("\"type\":\"api_key.created\"")));

    let target = Server::start();
    create_workspace(&target, "moved");
    let url = Receiver::start().url();
    target.json(&["webhooks", "create", "--workspace", "moved", "--url", &url]);
    let own = export(&target, "moved", &["--events"]).len() - 1;
    let done = import_ok(&target, "moved", &lines, &["--deliver"]);
    assert_eq!(counts(&done, "created"), [1, 0, 1, lines.len() as u64 - 3]);
    assert_eq!(deliveries(&target), [""; 0]);
    let moved = export(&target, "moved", &["--events"]);
    let is_own = |line: &&String| !line.contains("webhook_endpoint");
    assert_eq!(
        moved.iter().skip(1).filter(is_own).collect::<Vec<_>>(),
        lines[1..].iter().collect::<Vec<_>>()
    );
    assert_eq!(moved.len(), lines.len() + own);

    // Derived from the lines: the activity lists, and the phases that an onboarding moved through.
    let key = target.create_key(&["--workspace", "moved"]);
    let types = |path: &str| -> Vec<String> {
        let events = target.client_with(&key).walk(path);
        events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        types("/onboardings/1/activity")[..2],
        ["onboarding.launched", "onboarding.phase_changed"]
    );
    assert_eq!(types("/customers/1/activity").len(), 6);
    let phases = |server: &Server| -> Vec<String> {
        let sql = "SELECT from_phase || ' ' || to_phase FROM events
                   WHERE from_phase IS NOT NULL ORDER BY created_at, id";
        server.sql().query(sql, [], |row| row.get(0))
    };
    assert_eq!(phases(&target), phases(&source));
    target.expect_sound();
}
