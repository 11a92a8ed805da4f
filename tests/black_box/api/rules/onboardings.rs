//! The fields of an onboarding: what each accepts, refuses, and returns.

use serde_json::{Value, json};

use crate::api::rules::{Rules, assert_changed};
use crate::support::{Client, Server};

const PEOPLE: [&str; 4] = ["csm_id", "se_id", "designer_id", "product_ops_id"];

/// Creates an onboarding with these fields for the only customer.
fn create(client: &Client, properties: &Value) -> Value {
    let mut body = properties.clone();
    body["customer_id"] = json!(1);
    client.post("/onboardings", body).expect(201)
}

fn change(client: &Client, onboarding: &Value, patch: &Value) -> Value {
    let path = format!("/onboardings/{}", onboarding["id"].as_str().unwrap());
    let patched = client.patch(&path, patch.clone()).expect(200);
    assert_eq!(client.get(&path).expect(200), patched);
    patched
}

#[test]
fn short_texts_have_at_most_255_characters() {
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    for property in ["name", "template_id"].into_iter().chain(PEOPLE) {
        rules.check_text(property, 255);
        rules.can_be_cleared(property, json!("x"));
    }
}

#[test]
fn notes_have_at_most_10000_characters() {
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    rules.check_text("notes", 10_000);
    rules.can_be_cleared("notes", json!("first line\nsecond line"));
}

#[test]
fn reminders_are_1_to_365_days_apart() {
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    for days in [1, 7, 365] {
        rules.accepts("reminder_frequency_days", json!(days));
    }
    for (days, code) in [(0, "too_small"), (-1, "too_small"), (366, "too_big")] {
        rules.refuses("reminder_frequency_days", json!(days), code);
    }
    rules.refuses("reminder_frequency_days", json!(u64::MAX), "too_big");
    rules.accepts_only_types("reminder_frequency_days", &["integer"]);
}

#[test]
fn reminders_are_on_or_off() {
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    rules.accepts("reminders_enabled", json!(false));
    rules.accepts("reminders_enabled", json!(true));
    for property in ["reminders_enabled", "waiting_on_customer"] {
        rules.accepts_only_types(property, &["boolean"]);
    }
}

#[test]
fn times_are_accepted_with_any_offset_and_returned_in_utc() {
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    for property in ["started_at", "completed_at", "target_launch_date"] {
        for (sent, shown) in [
            ("2026-06-15", "2026-06-15T00:00:00.000Z"),
            (" 2026-06-15\n", "2026-06-15T00:00:00.000Z"),
            ("2026-05-26T17:21:09.412Z", "2026-05-26T17:21:09.412Z"),
            ("2026-05-26T17:21:09Z", "2026-05-26T17:21:09.000Z"),
            ("2026-05-26T17:21:09.4Z", "2026-05-26T17:21:09.400Z"),
            ("2026-05-26T19:21:09.412+02:00", "2026-05-26T17:21:09.412Z"),
            ("2026-05-26T12:51:09-04:30", "2026-05-26T17:21:09.000Z"),
            ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("0001-01-01", "0001-01-01T00:00:00.000Z"),
            ("0001-01-01T00:00:00-05:00", "0001-01-01T05:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
            ("9999-12-31", "9999-12-31T00:00:00.000Z"),
        ] {
            rules.accepts_as(property, json!(sent), json!(shown));
        }
        for wrong in [
            "",
            "soon",
            "1748280069",
            "2026-02-29",
            "2026-13-01",
            "2026-06-15T25:00:00Z",
            "2026-06-15T12:00:00",
            "2026-6-15",
            "15.06.2026",
            "0000-12-31",
            "0001-01-01T00:00:00+05:00",
            "10000-01-01",
            "9999-12-31T23:59:59-05:00",
            "-0001-01-01",
            "2026-06-15\0",
        ] {
            rules.refuses(property, json!(wrong), "invalid_string");
        }
        rules.accepts_only_types(property, &["string", "null"]);
        rules.can_be_cleared(property, json!("2026-06-15T00:00:00.000Z"));
    }
}

#[test]
fn every_phase_can_follow_every_other() {
    const PHASES: [&str; 7] = [
        "before_getting_started",
        "program_design",
        "review",
        "program_buildout",
        "internal_qa",
        "launch",
        "completed",
    ];
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    let client = &rules.client;
    for from in PHASES {
        for to in PHASES {
            let onboarding = create(client, &json!({"phase": from}));
            assert_eq!(onboarding["phase"], from);
            let moved = change(client, &onboarding, &json!({"phase": to}));
            assert_eq!(moved["phase"], to);
            assert_changed(&onboarding, &moved, &["phase", "started_at", "completed_at"]);
        }
    }
    rules.refuses_names("phase", &["Launch", "internal_q_a", "done", "program design"]);
}

#[test]
fn state_and_waiting_on_customer_always_agree() {
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    let client = &rules.client;
    let states = ["active", "paused", "at_risk", "waiting"];
    rules.refuses_names("state", &["Active", "completed", "at risk", "blocked"]);
    for state in states {
        let agreeing = json!({"state": state, "waiting_on_customer": state == "waiting"});
        for sent in [json!({"state": state}), agreeing] {
            let created = create(client, &sent);
            assert_eq!(created["state"], state);
            assert_eq!(created["waiting_on_customer"], state == "waiting");
            for before in states {
                let onboarding = create(client, &json!({"state": before}));
                let after = change(client, &onboarding, &sent);
                assert_eq!(after["state"], state, "from {before}");
                assert_eq!(after["waiting_on_customer"], state == "waiting", "from {before}");
                assert_changed(&onboarding, &after, &["state", "waiting_on_customer"]);
            }
        }
    }
    for (before, flag, after) in [
        ("active", true, "waiting"),
        ("paused", true, "waiting"),
        ("at_risk", true, "waiting"),
        ("waiting", true, "waiting"),
        ("active", false, "active"),
        ("paused", false, "paused"),
        ("at_risk", false, "at_risk"),
        ("waiting", false, "active"),
    ] {
        let onboarding = create(client, &json!({"state": before}));
        let changed = change(client, &onboarding, &json!({"waiting_on_customer": flag}));
        assert_eq!(changed["state"], after, "{before} {flag}");
        assert_eq!(changed["waiting_on_customer"], flag, "{before} {flag}");
        assert_changed(&onboarding, &changed, &["state", "waiting_on_customer"]);
    }
    let waiting = create(client, &json!({"waiting_on_customer": true}));
    assert_eq!(waiting["state"], "waiting");
    let active = create(client, &json!({"waiting_on_customer": false}));
    assert_eq!(active["state"], "active");
}

#[test]
fn a_state_and_a_flag_that_contradict_each_other_are_refused() {
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    let before = rules.client.get("/onboardings/1").expect(200);
    for (state, flag) in [("waiting", false), ("active", true), ("paused", true), ("at_risk", true)]
    {
        let mut body = json!({"state": state, "waiting_on_customer": flag});
        let patch = rules.client.patch("/onboardings/1", body.clone());
        body["customer_id"] = json!(1);
        for reply in [patch, rules.client.post("/onboardings", body)] {
            let error = reply.expect(400)["error"].clone();
            assert_eq!(error["type"], "invalid_request_error");
            assert_eq!(error["code"], "conflicting_fields");
        }
    }
    assert_eq!(rules.client.list("/onboardings"), json!([before]));
}

#[test]
fn an_onboarding_never_moves_to_another_customer() {
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    let client = &rules.client;
    let (before, other) = (client.get("/onboardings/1").expect(200), client.customer("Other"));
    let alone = json!({"customer_id": other["id"]});
    client.patch("/onboardings/1", alone).refused(400, "empty_patch", None);
    for ignored in [other["id"].clone(), json!(2), json!(null), json!(true), json!("nobody")] {
        let patch = json!({"customer_id": ignored, "notes": "x"});
        let after = client.patch("/onboardings/1", patch).expect(200);
        assert_changed(&before, &after, &["notes"]);
    }
}
