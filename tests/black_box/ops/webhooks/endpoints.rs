//! Creating, showing and changing endpoints.

use serde_json::{Value, json};

use super::{create, error, id};
use crate::support::{Receiver, Server, run_with};

/// The fields that scripts rely on.
const FIELDS: [&str; 10] = [
    "id",
    "workspace",
    "url",
    "mode",
    "events",
    "fields",
    "description",
    "enabled",
    "created_at",
    "secret",
];

#[test]
fn a_created_endpoint_is_pinged_and_its_secret_is_printed_once() {
    let server = Server::start();
    let receiver = Receiver::start();
    let url = receiver.url();
    let created = create(&server, &url, &["--test", "--description", "CI"]);
    for field in FIELDS {
        assert!(created.get(field).is_some(), "{field}");
    }
    assert!(created["secret"].as_str().unwrap().starts_with("whsec_"));
    let expected = json!({
        "workspace": "default",
        "url": url,
        "mode": "test",
        "events": [],
        "fields": [],
        "description": "CI",
        "enabled": true,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(created[field], *value, "{field}");
    }
    let ping = receiver.wait_for("webhook.ping").event();
    assert_eq!(ping["livemode"], false);
    let object = json!({"object": "webhook_endpoint", "id": created["id"], "url": url});
    assert_eq!(ping["data"], json!({"object": object, "previous_attributes": null}));

    let mut without_secret = created.clone();
    without_secret.as_object_mut().unwrap().remove("secret");
    assert_eq!(server.json(&["webhooks", "show", id(&created)]), without_secret);
    assert_eq!(server.json(&["webhooks", "list"]), json!([without_secret]));
    let secret = created["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap();
    let id = id(&created);
    for args in [
        &["webhooks", "list"][..],
        &["webhooks", "show", id],
        &["webhooks", "update", id, "--description", "CI 2"],
        &["webhooks", "disable", id],
        &["webhooks", "enable", id],
        &["webhooks", "deliveries", id],
    ] {
        for output in [server.run(args), server.run(&[&["--json"], args].concat())] {
            assert!(output.status.success(), "{args:?}");
            assert!(!String::from_utf8(output.stdout).unwrap().contains(secret), "{args:?}");
        }
    }
}

#[test]
fn list_shows_all_workspaces_or_one() {
    let server = Server::start();
    server.json(&["workspaces", "create", "--slug", "other", "--name", "Other"]);
    let receiver = Receiver::start();
    let url = receiver.url();
    let first = create(&server, &url, &[]);
    let args = ["webhooks", "create", "--workspace", "other", "--url", &url];
    let second = server.json(&args);
    let ids = |args: &[&str]| -> Vec<Value> {
        let list = server.json(&[&["webhooks", "list"], args].concat());
        list.as_array().unwrap().iter().map(|endpoint| endpoint["id"].clone()).collect()
    };
    assert_eq!(ids(&[]), [first["id"].clone(), second["id"].clone()]);
    assert_eq!(ids(&["--workspace", "other"]), [second["id"].clone()]);
    let unknown = error(&server.run(&["webhooks", "list", "--workspace", "nowhere"]));
    assert!(unknown.contains("workspace `nowhere` not found"), "{unknown}");
}

#[test]
fn update_changes_what_is_passed_and_nothing_else() {
    let server = Server::start();
    let receiver = Receiver::start();
    let url = receiver.url();
    let events = ["--event", "customer.updated", "--event", "customer.created"];
    let created = create(&server, &url, &[&events[..], &["--field", "status"]].concat());
    assert_eq!(created["events"], json!(["customer.created", "customer.updated"]));
    assert_eq!(created["fields"], json!(["status"]));
    let update =
        |args: &[&str]| server.json(&[&["webhooks", "update", id(&created)], args].concat());
    let moved = update(&["--url", &format!("{url}/2")]);
    assert_eq!(moved["url"], format!("{url}/2"));
    assert_eq!((&moved["events"], &moved["fields"]), (&created["events"], &created["fields"]));
    assert_eq!(update(&["--event", "contact.created"])["events"], json!(["contact.created"]));
    let all = update(&["--all-events", "--all-fields"]);
    assert_eq!((&all["events"], &all["fields"]), (&json!([]), &json!([])));
    assert_eq!(all["url"], moved["url"]);
    let nothing = error(&server.run(&["webhooks", "update", id(&created)]));
    assert!(nothing.contains("there is nothing to change; pass --url, "), "{nothing}");
}

#[test]
fn an_endpoint_is_disabled_enabled_rotated_and_deleted() {
    let server = Server::start();
    let receiver = Receiver::start();
    let created = create(&server, &receiver.url(), &[]);
    let id = id(&created);
    receiver.wait_for("webhook.ping");

    let disabled = server.json(&["webhooks", "disable", id]);
    assert_eq!(
        (&disabled["enabled"], &disabled["disabled_reason"]),
        (&json!(false), &json!("admin"))
    );
    let refused = error(&server.run(&["webhooks", "ping", id]));
    assert!(refused.contains(&format!("`pivotal-server webhooks enable {id}`")), "{refused}");
    assert_eq!(server.json(&["webhooks", "enable", id])["enabled"], true);
    receiver.wait_for_number("webhook.ping", 2);

    let rotated = server.json(&["webhooks", "rotate", id]);
    assert!(rotated["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_ne!(rotated["secret"], created["secret"]);
    assert!(rotated["old_secret_expires_at"].is_string());
    assert_eq!(server.json(&["webhooks", "ping", id]), json!({"queued": 1}));
    let both = receiver.wait_for_number("webhook.ping", 3);
    assert_eq!(both.header("svix-signature").unwrap().split(' ').count(), 2);

    assert_eq!(server.json(&["webhooks", "delete", id]), json!({"id": id, "deleted": true}));
    assert_eq!(server.json(&["webhooks", "list"]), json!([]));
    for command in ["show", "delete", "rotate", "enable", "disable", "ping", "deliveries"] {
        let gone = error(&server.run(&["webhooks", command, id]));
        assert!(gone.contains(&format!("endpoint {id} not found; ")), "{gone}");
        assert!(gone.contains("`pivotal-server webhooks list`"), "{gone}");
    }
}

#[test]
fn your_own_secret_is_read_from_standard_input() {
    let server = Server::start();
    let receiver = Receiver::start();
    let url = receiver.url();
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let args = ["--json", "webhooks", "create", "--workspace", "default", "--url", &url];
    let args = [&args[..], &["--secret", "-"]].concat();
    let created = run_with(server.dir(), &args, format!("{secret}\n").as_bytes(), &[]);
    let created: Value = serde_json::from_slice(&created.stdout).unwrap();
    assert_eq!(created["secret"], secret);
    let short = error(&run_with(server.dir(), &args[1..], b"whsec_AAAA\n", &[]));
    assert!(short.contains("must be 24 to 64 bytes long"), "{short}");
    assert_eq!(server.json(&["webhooks", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn commands_work_without_a_server_and_the_next_one_sends_what_they_queued() {
    let mut server = Server::start();
    assert_eq!(server.stop(), Some(0));
    let receiver = Receiver::start();
    let created = create(&server, &receiver.url(), &[]);
    let id = id(&created);
    server.json(&["webhooks", "update", id, "--description", "later"]);
    server.json(&["webhooks", "disable", id]);
    server.json(&["webhooks", "enable", id]);
    let secret = server.json(&["webhooks", "rotate", id])["secret"].clone();
    server.json(&["webhooks", "send-test", id, "--event", "customer.created"]);
    let listed = server.json(&["webhooks", "deliveries", id]);
    assert_eq!(listed[0]["type"], "customer.created");
    assert_eq!(listed[0]["status"], "pending");
    assert_eq!(receiver.requests().len(), 0);

    let server = server.restart();
    let received = receiver.wait_for("customer.created");
    let variables = [("PIVOTAL_WEBHOOK_SECRET", secret.as_str().unwrap())];
    let verified = run_with(server.dir(), &["webhooks", "verify"], &received.raw(), &variables);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

#[test]
fn every_change_is_in_the_audit_log_with_the_command_line_as_actor_and_no_secret() {
    let server = Server::start();
    let visitor = server.signed_in();
    let receiver = Receiver::start();
    let created = create(&server, &receiver.url(), &[]);
    let id = id(&created);
    server.json(&["webhooks", "update", id, "--description", "new"]);
    server.json(&["webhooks", "disable", id]);
    server.json(&["webhooks", "enable", id]);
    let rotated = server.json(&["webhooks", "rotate", id]);
    server.json(&["webhooks", "delete", id]);
    let log = visitor.get("/admin/logs.json").expect(200).body.clone();
    for secret in [&created["secret"], &rotated["secret"]] {
        assert!(!log.contains(secret.as_str().unwrap()));
    }
    let events: Vec<Value> = serde_json::from_str(&log).unwrap();
    let events: Vec<&Value> = events
        .iter()
        .filter(|event| event["type"].as_str().unwrap().starts_with("webhook_endpoint."))
        .collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let changes = ["deleted", "rotated", "enabled", "disabled", "updated", "created"];
    assert_eq!(kinds, changes.map(|change| format!("webhook_endpoint.{change}")));
    for event in events {
        assert_eq!(event["actor"]["name"], "command line", "{event}");
        assert_eq!(event["data"]["object"]["id"], id);
    }
    assert_eq!(
        server.client().get("/events").expect(200)["data"].as_array().unwrap().len(),
        0,
        "only the audit log shows them"
    );
}

#[test]
fn text_output_is_for_people() {
    let server = Server::start();
    let receiver = Receiver::start();
    let created = create(&server, &receiver.url(), &["--event", "customer.created"]);
    let id = id(&created);
    let text = |args: &[&str]| {
        let output = server.run(args);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let list = text(&["webhooks", "list"]);
    assert!(list.starts_with("ID "), "{list}");
    assert!(list.lines().nth(1).unwrap().starts_with(id), "{list}");
    let shown = text(&["webhooks", "show", id]);
    assert!(shown.contains("Events      customer.created"), "{shown}");
    let rotated = text(&["webhooks", "rotate", id]);
    assert!(rotated.contains("won't be able to see again:\n\n  whsec_"), "{rotated}");
    let ping = text(&["webhooks", "ping", id]);
    assert!(ping.starts_with("Queued 1 delivery. "), "{ping}");
    receiver.wait_for_number("webhook.ping", 2);
    let deliveries = text(&["webhooks", "deliveries", id]);
    assert!(deliveries.contains("webhook.ping"), "{deliveries}");
    let deleted = text(&["webhooks", "delete", id]);
    assert_eq!(deleted, format!("Deleted endpoint {id}. No more events will be sent to it.\n"));
}
