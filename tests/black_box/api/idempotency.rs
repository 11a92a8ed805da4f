//! Retries of a POST.

use std::sync::Arc;

use pivotal_server::model::clock::Clock;
use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use pivotal_server::store::{Store, WriteScope};

use crate::support::{Client, InProcess, Response, Server, wait_until};

const BODY: &[u8] = br#"{"name":"Aurora"}"#;

fn post(client: &Client, path: &str, key: &str, body: &[u8]) -> Response {
    client.send("POST", path, &[("Idempotency-Key", key)], Some(body))
}

#[track_caller]
fn assert_replay(first: &Response, again: &Response) {
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(first.header("location"), again.header("location"));
    assert!(first.header("location").is_some());
}

#[test]
fn a_retry_gets_the_same_bytes_status_and_location() {
    let server = Server::start();
    let client = server.client();
    let first = post(&client, "/customers", "k", BODY);
    first.expect(201);
    client.patch("/customers/1", serde_json::json!({"name": "Changed"})).expect(200);
    assert_replay(&first, &post(&client, "/customers", "k", BODY));
    let contact = br#"{"name":"Maya","email":"maya@aurora.example"}"#;
    let created = post(&client, "/customers/1/contacts", "k", contact);
    created.expect(201);
    client.delete("/customers/1").expect(200);
    assert_replay(&created, &post(&client, "/customers/1/contacts", "k", contact));
    assert_eq!(client.walk("/customers").len(), 0);
}

#[test]
fn a_different_body_with_the_same_key_is_refused() {
    let server = Server::start();
    let client = server.client();
    post(&client, "/customers", "k", BODY).expect(201);
    for other in [&br#"{"name": "Aurora"}"#[..], br#"{"name":"Borealis"}"#, b"not even JSON", b""] {
        post(&client, "/customers", "k", other).refused(409, "idempotency_key_reused", None);
    }
    assert_eq!(client.walk("/customers").len(), 1);
}

#[test]
fn an_idempotency_key_belongs_to_one_workspace_and_one_path() {
    let server = Server::start();
    let (client, other) = (server.client(), server.other_workspace("acme"));
    for who in [&client, &other] {
        let created = post(who, "/customers", "k", BODY);
        assert_eq!((created.status, created.header("idempotent-replayed")), (201, None));
    }
    let onboarding = post(&client, "/onboardings", "k", br#"{"customer_id":1}"#);
    assert_eq!(onboarding.header("idempotent-replayed"), None);
    onboarding.expect(201);
}

#[test]
fn an_idempotency_key_has_1_to_255_bytes_and_only_applies_to_post() {
    let server = Server::start();
    let client = server.client();
    for bad in [String::new(), "k".repeat(256)] {
        let refused = post(&client, "/customers", &bad, BODY);
        refused.refused(400, "invalid_idempotency_key", "Idempotency-Key");
    }
    for good in ["a", "a b", "!", "~", &"k".repeat(255)] {
        post(&client, "/customers", good, BODY).expect(201);
    }
    let header = [("Idempotency-Key", "k")];
    for name in ["One", "Two"] {
        let body = serde_json::json!({ "name": name }).to_string();
        let changed = client.send("PATCH", "/customers/1", &header, Some(body.as_bytes()));
        assert_eq!(changed.expect(200)["name"], name);
    }
    client.send("GET", "/customers/1", &[("Idempotency-Key", "")], None).expect(200);
}

#[test]
fn an_error_response_is_not_saved() {
    let server = Server::start();
    let client = server.client();
    let contact = br#"{"name":"Maya","email":"maya@aurora.example"}"#;
    let early = post(&client, "/customers/1/contacts", "k", contact);
    early.refused(404, "customer_not_found", None);
    post(&client, "/customers", "k", b"{}").refused(400, "missing_field", "name");
    post(&client, "/customers", "k", BODY).expect(201);
    post(&client, "/customers/1/contacts", "k", contact).expect(201);
}

#[test]
fn a_response_is_saved_for_a_day_and_then_removed() {
    let server = InProcess::start(Settings::default());
    let client = server.client(Mode::Live, Tier::Unlimited);
    // Moves only the wall clock, so that the server's cleanup doesn't run in between.
    let day = 24 * 60 * 60 * 1000;
    let first = post(&client, "/customers", "k", BODY);
    server.clock.jump_millis(day - 1);
    assert_replay(&first, &post(&client, "/customers", "k", BODY));
    server.clock.jump_millis(1);
    let fresh = post(&client, "/customers", "k", BODY);
    assert_eq!(fresh.header("idempotent-replayed"), None);
    assert_eq!(fresh.expect(201)["display_id"], 2);

    for n in 0..7 {
        post(&client, "/customers", &format!("old {n}"), BODY).expect(201);
    }
    server.clock.jump_millis(day);
    post(&client, "/customers", "new", BODY).expect(201);
    let clock: Arc<dyn Clock> = server.clock.clone();
    let store = Store::open(server.location(), clock).unwrap();
    let mut batches = 0;
    loop {
        let now = store.clock().now();
        let Some(expired) = store.read(|reader| reader.expired_responses(now, 3)).unwrap().pop()
        else {
            break;
        };
        let scope = WriteScope::Workspace(expired.workspace);
        store.write_blocking(scope, move |tx| tx.delete_responses(&expired)).unwrap();
        batches += 1;
    }
    assert_eq!(batches, 3, "eight old ones, three at a time");
    let left: i64 = server.sql().value("SELECT count(*) FROM idempotency_keys", []);
    assert_eq!(left, 1);
}

#[test]
fn a_running_server_removes_expired_responses() {
    let server = InProcess::start(Settings::default());
    let client = server.client(Mode::Live, Tier::Unlimited);
    for n in 0..3 {
        post(&client, "/customers", &format!("old {n}"), BODY).expect(201);
    }
    let sql = server.sql();
    let left = || sql.value::<i64>("SELECT count(*) FROM idempotency_keys", []);
    assert_eq!(left(), 3);
    server.clock.advance_millis(24 * 60 * 60 * 1000);
    wait_until("they are removed", || left() == 0);
}

#[test]
fn a_hundred_concurrent_requests_create_one_row() {
    let server = Server::start();
    server.client().get("/me").expect(200);
    let senders: Vec<_> = (0..100)
        .map(|_| {
            let client = server.client();
            std::thread::spawn(move || post(&client, "/customers", "k", BODY))
        })
        .collect();
    let replies: Vec<Response> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
    let created: Vec<&Response> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert!(!created.is_empty());
    assert!(created.iter().all(|reply| reply.body == created[0].body));
    assert_eq!(created.iter().filter(|r| r.header("idempotent-replayed").is_none()).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.refused(409, "idempotency_key_in_use", None);
    }
    assert_eq!(server.client().walk("/customers").len(), 1);
}
