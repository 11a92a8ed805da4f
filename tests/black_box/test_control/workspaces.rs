//! Workspaces for tests: creating, resetting, and restoring them.

use serde_json::{Value, json};

use super::{Control, start};
use crate::support::{Client, Server};

/// Creates a workspace and returns its slug and a client with its live key.
fn create(server: &Server, control: &Control) -> (String, Client) {
    let created = control.post("/workspaces", json!({})).expect(201);
    let slug = created["workspace"]["slug"].as_str().unwrap().to_owned();
    (slug, server.client_with(created["keys"]["live"].as_str().unwrap()))
}

fn names(client: &Client) -> Vec<Value> {
    client.walk("/customers").iter().map(|customer| customer["name"].clone()).collect()
}

#[test]
fn every_test_can_have_a_workspace_of_its_own() {
    let (server, control) = start();
    let body = json!({"slug": "acme", "name": "Acme", "tier": "unlimited"});
    let created = control.post("/workspaces", body).expect(201);
    assert_eq!(created["workspace"]["slug"], "acme");
    for mode in ["live", "test"] {
        let me = server.client_with(created["keys"][mode].as_str().unwrap()).get("/me").expect(200);
        assert_eq!((&me["api_key"]["mode"], &me["api_key"]["name"]), (&json!(mode), &json!(mode)));
        assert_eq!(me["api_key"]["rate_limit_tier"], "unlimited");
        assert_eq!(me["organization"]["name"], "Acme");
        assert_eq!(me["organization"]["id"], created["workspace"]["id"]);
    }
    let ((_, one), (_, other)) = (create(&server, &control), create(&server, &control));
    one.customer("Aurora");
    assert_eq!((names(&one).len(), names(&other).len()), (1, 0));
    let taken = control.post("/workspaces", json!({"slug": "acme"}));
    taken.refused(409, "slug_taken", "slug");
    control.post("/workspaces", json!({"slug": "A B"})).refused(400, "invalid_string", "slug");
    let tier = control.post("/workspaces", json!({"tier": "gold"}));
    tier.refused(400, "invalid_enum_value", "tier");
}

#[test]
fn a_reset_empties_a_workspace_and_keeps_its_keys() {
    let (server, control) = start();
    let (slug, client) = create(&server, &control);
    client.customer("Aurora");
    server.client().customer("Untouched");
    let reset = control.post(&format!("/workspaces/{slug}/reset"), json!({}));
    assert_eq!(reset.status, 204, "{}", reset.body);
    assert!(names(&client).is_empty());
    assert!(client.list("/events").as_array().unwrap().is_empty());
    assert_eq!(client.customer("New")["display_id"], 1);
    assert_eq!(names(&server.client()).len(), 1);
    control.post("/workspaces/nowhere/reset", json!({})).refused(404, "workspace_not_found", None);
    control.post("/workspaces/A_B/reset", json!({})).refused(404, "workspace_not_found", None);
}

#[test]
fn a_snapshot_brings_back_the_state_as_often_as_needed() {
    let (server, control) = start();
    let (slug, client) = create(&server, &control);
    let path = format!("/workspaces/{slug}/snapshots/seeded");
    let restore = || {
        let restored = control.post(&format!("{path}/restore"), json!({}));
        assert_eq!(restored.status, 204, "{}", restored.body);
    };
    let kept = client.customer("Kept");
    assert_eq!(control.put(&path, json!({})).expect(201), json!({"name": "seeded"}));
    for round in 0..2 {
        client.customer("Gone");
        let id = kept["id"].as_str().unwrap();
        client.patch(&format!("/customers/{id}"), json!({"name": "Changed"})).expect(200);
        restore();
        assert_eq!(names(&client), ["Kept"], "round {round}");
        assert_eq!(client.get(&format!("/customers/{id}")).expect(200), kept);
    }
    let missing = control.post(&format!("/workspaces/{slug}/snapshots/none/restore"), json!({}));
    missing.refused(404, "snapshot_not_found", None);
    control.put("/workspaces/none/snapshots/a", json!({})).refused(
        404,
        "workspace_not_found",
        None,
    );
    let name = control.put(&format!("/workspaces/{slug}/snapshots/a~b"), json!({}));
    name.refused(400, "invalid_string", "name");
}

#[test]
fn a_reset_while_a_webhook_is_waiting_leaves_nothing_to_wait_for() {
    let (server, control) = start();
    let (slug, client) = create(&server, &control);
    control.freeze("2030-01-01T00:00:00Z");
    let receiver = crate::support::Receiver::start();
    receiver.respond_with(500);
    let url = receiver.url();
    server.json(&["webhooks", "create", "--workspace", &slug, "--url", &url]);
    client.customer("Aurora");
    control.drain();
    let before = receiver.requests().len();
    assert_eq!(control.post(&format!("/workspaces/{slug}/reset"), json!({})).status, 204);
    control.advance("30d");
    control.drain();
    assert_eq!(receiver.requests().len(), before, "deliveries are part of what a reset removes");
}

#[test]
fn a_workspace_can_start_with_a_seed() {
    let (server, control) = start();
    control.freeze("2030-01-01T00:00:00Z");
    let receiver = crate::support::Receiver::start();
    let seed = json!({
        "workspace": {"slug": "ignored", "name": "Ignored"},
        "customers": [{"name": "Aurora", "contacts": [{"name": "Ada", "email": "ada@example.com"}]}],
        "webhooks": [{"url": receiver.url(), "mode": "live"}],
    });
    let mut slugs = Vec::new();
    for _ in 0..2 {
        let created = control.post("/workspaces", json!({ "seed": seed })).expect(201);
        slugs.push(created["workspace"]["slug"].clone());
        let client = server.client_with(created["keys"]["live"].as_str().unwrap());
        assert_eq!(names(&client), ["Aurora"]);
        assert_eq!(client.list("/customers/1/contacts")[0]["email"], "ada@example.com");
        let secret = created["seed"]["webhooks"][0]["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_"), "{created}");
        client.customer("Borealis");
    }
    assert_ne!(slugs[0], slugs[1], "parallel tests can use the same seed");
    control.drain();
    let received: Vec<Value> = receiver
        .requests()
        .iter()
        .map(|one| one.event()["data"]["object"]["name"].clone())
        .collect();
    assert_eq!(received, ["Borealis", "Borealis"], "seeding sends no webhooks");

    let text = "customers:\n  - name: Cumulus\n";
    let created = control.post("/workspaces", json!({"slug": "acme", "seed": text})).expect(201);
    let client = server.client_with(created["keys"]["test"].as_str().unwrap());
    assert_eq!(names(&client), ["Cumulus"]);
    let taken = control.post("/workspaces", json!({"slug": "acme", "seed": text}));
    taken.refused(409, "slug_taken", "slug");
}

#[test]
fn an_invalid_seed_is_refused_with_all_of_its_problems_and_creates_nothing() {
    let (server, control) = start();
    let seed = json!({
        "customers": [{"name": "Aurora", "contacts": [{"name": "Ada", "email": "nobody"}]}, {"slug": "b"}],
    });
    let refused = control.post("/workspaces", json!({"slug": "acme", "seed": seed}));
    let error = refused.refused(400, "invalid_seed", "seed.customers[0].contacts[0].email");
    let fields: Vec<&Value> =
        error["errors"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert_eq!(fields, ["seed.customers[0].contacts[0].email", "seed.customers[1].name"]);
    let text = control.post("/workspaces", json!({"slug": "acme", "seed": "customers: ["}));
    text.refused(400, "invalid_seed", "seed");
    control.post("/workspaces", json!({"seed": 5})).refused(400, "invalid_type", "seed");
    let workspaces = server.json(&["workspaces", "list"]);
    assert_eq!(workspaces.as_array().unwrap().len(), 1, "{workspaces}");
}
