//! The clock that tests set, and what follows it.

use serde_json::json;

use super::{Control, start};
use crate::support::{Receiver, Server, wait_until};

#[test]
fn the_clock_can_be_set_advanced_frozen_and_reset() {
    let (server, control) = start();
    let real = control.get("/clock").expect(200);
    assert_eq!(real["frozen"], false);
    let set = control.put("/clock", json!({"now": "2030-01-01T12:00:00Z", "frozen": true}));
    assert_eq!(set.expect(200), json!({"now": "2030-01-01T12:00:00.000Z", "frozen": true}));
    let advanced = control.put("/clock", json!({"advance": "1day 30m"})).expect(200);
    assert_eq!(advanced, json!({"now": "2030-01-02T12:30:00.000Z", "frozen": true}));
    assert_eq!(control.put("/clock", json!({})).expect(200), advanced);
    assert_eq!(control.get("/clock").expect(200), advanced);
    let health = server.anonymous().get("/health").expect(200);
    assert_eq!(health["timestamp"], advanced["now"]);

    let running = control.put("/clock", json!({"frozen": false})).expect(200);
    assert_eq!((&running["now"], &running["frozen"]), (&advanced["now"], &json!(false)));
    wait_until("the clock runs on", || control.get("/clock").expect(200)["now"] != running["now"]);
    control.delete("/clock");
    let reset = control.get("/clock").expect(200);
    assert!(reset["now"].as_str() >= real["now"].as_str(), "{reset}");
    assert!(reset["now"].as_str() < Some("2030"), "{reset}");
}

#[test]
fn a_change_that_makes_no_sense_is_refused_and_changes_nothing() {
    let (_server, control) = start();
    control.freeze("2030-01-01T12:00:00Z");
    let before = control.get("/clock").expect(200);
    for (body, code, field) in [
        (json!({"now": "soon"}), "invalid_string", "now"),
        (json!({"now": 5}), "invalid_type", "now"),
        (json!({"now": "1999-12-31"}), "too_big", "now"),
        (json!({"advance": "25"}), "invalid_string", "advance"),
        (json!({"advance": "-1h"}), "invalid_string", "advance"),
        (json!({"advance": "100000y"}), "too_big", "advance"),
        (json!({"advance": "1h", "now": "2031-01-01"}), "conflicting_fields", "advance"),
        (json!({"frozen": "yes"}), "invalid_type", "frozen"),
    ] {
        control.put("/clock", body).refused(400, code, field);
    }
    assert_eq!(control.get("/clock").expect(200), before);
}

#[test]
fn new_rows_follow_the_clock_and_stay_in_order_when_it_is_set_back() {
    let (server, control) = start();
    let client = server.client();
    control.freeze("2030-01-01T00:00:00Z");
    let first = client.customer("First");
    assert_eq!(first["created_at"], "2030-01-01T00:00:00.000Z");
    let second = client.customer("Second");
    control.freeze("2029-06-01T00:00:00Z");
    let third = client.customer("Third");
    assert_eq!(third["created_at"], "2030-01-01T00:00:00.000Z");
    let names = client.walk("/customers?limit=1");
    let ids: Vec<_> = names.iter().map(|customer| &customer["id"]).collect();
    assert_eq!(ids, [&third["id"], &second["id"], &first["id"]]);
    let page = client.get("/customers?limit=1").expect(200);
    assert_eq!(page["next_cursor"], "2030-01-01T00:00:00.000002Z");
    let id = first["id"].as_str().unwrap();
    control.freeze("2031-01-01T00:00:00Z");
    let updated = client.patch(&format!("/customers/{id}"), json!({"name": "New"})).expect(200);
    assert_eq!(updated["updated_at"], "2031-01-01T00:00:00.000Z");
}

#[test]
fn an_idempotency_key_expires_when_its_time_has_passed_on_the_clock() {
    let (server, control) = start();
    let client = server.client();
    let create = || {
        let body = br#"{"name": "Aurora"}"#;
        client.send("POST", "/customers", &[("Idempotency-Key", "k")], Some(body)).expect(201)
    };
    let first = create();
    control.advance("23h 59m");
    assert_eq!(create()["id"], first["id"]);
    control.advance("2m");
    assert_ne!(create()["id"], first["id"]);
}

#[test]
fn rate_limits_follow_the_clock() {
    let on = ("PIVOTAL_RATE_LIMITS_ENABLED", "true");
    let server = Server::start_with_test_control(&[], &[on, ("PIVOTAL_RATE_LIMITS_TEST", "2")]);
    let (client, control) = (server.client_with(&server.test), Control::new(&server));
    control.freeze("2030-01-01T00:00:00Z");
    client.get("/me").expect(200);
    client.get("/me").expect(200);
    let limited = client.get("/me");
    limited.refused(429, "rate_limited", None);
    let wait = limited.header("retry-after").unwrap();
    control.advance(&format!("{wait}s"));
    client.get("/me").expect(200);
}

#[test]
fn sessions_of_the_admin_pages_end_when_the_clock_says_so() {
    let (server, control) = start();
    let visitor = server.signed_in();
    control.advance("29m");
    assert!(visitor.is_signed_in());
    control.advance("31m");
    assert!(!visitor.is_signed_in());
}

#[test]
fn scheduled_backups_follow_the_clock() {
    let every = ("PIVOTAL_BACKUP_EVERY", "24h");
    let server = Server::start_with_test_control(&[], &[every]);
    let control = Control::new(&server);
    let backups = || {
        let entries = std::fs::read_dir(server.dir().join("backups"));
        entries.map_or(0, |entries| {
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.ends_with(".db")).count()
        })
    };
    wait_until("the first backup is made", || backups() == 1);
    control.advance("25h");
    wait_until("the next one is made", || backups() == 2);
}

#[test]
fn webhook_retries_follow_the_clock() {
    let (server, control) = start();
    let receiver = Receiver::start();
    control.freeze("2030-01-01T00:00:00Z");
    let url = receiver.url();
    server.json(&["webhooks", "create", "--workspace", "default", "--url", &url]);
    control.drain();
    receiver.respond_with(500);
    server.client().customer("Aurora");
    control.drain();
    let attempts = || {
        let all = receiver.requests();
        all.into_iter().filter(|one| one.event()["type"] == "customer.created").collect::<Vec<_>>()
    };
    assert_eq!(attempts().len(), 1, "a retry that is due later doesn't keep a drain waiting");
    control.advance("6s");
    control.drain();
    assert_eq!(attempts().len(), 2);
    receiver.respond_with(200);
    control.advance("6m");
    control.drain();
    let attempts = attempts();
    let seconds = |number: usize| -> i64 {
        attempts[number].header("webhook-timestamp").unwrap().parse().unwrap()
    };
    assert_eq!(seconds(0), 1_893_456_000, "2030-01-01");
    assert_eq!((seconds(1) - seconds(0), seconds(2) - seconds(1)), (6, 360));
}
