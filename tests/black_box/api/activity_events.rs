//! Which events a change records, and what they contain.

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// The events of the customer with this display ID, oldest first.
fn events(client: &Client, customer: i64) -> Vec<Value> {
    let mut events = client.walk(&format!("/customers/{customer}/activity?limit=100"));
    events.reverse();
    events
}

/// Runs `change` and returns the type and previous attributes of the events that it adds to the
/// first customer's activity. Each event must contain the object as it is after the change.
#[track_caller]
fn events_added_by(client: &Client, object: &str, change: impl FnOnce()) -> Vec<(String, Value)> {
    let before = events(client, 1);
    change();
    let after = events(client, 1);
    assert_eq!(after[..before.len()], before);
    let now = client.get(object);
    let summary = |event: &Value| {
        if now.status == 200 {
            assert_eq!(event["data"]["object"], now.json());
        }
        let kind = event["type"].as_str().unwrap().to_owned();
        (kind, event["data"]["previous_attributes"].clone())
    };
    after[before.len()..].iter().map(summary).collect()
}

/// Pairs each of these types with the same previous attributes.
fn with_previous<const N: usize>(types: [&str; N], previous: &Value) -> Vec<(String, Value)> {
    types.map(|kind| (kind.to_owned(), previous.clone())).into()
}

#[test]
fn a_change_to_a_customer_records_its_events() {
    let server = Server::start();
    let client = server.client();
    let new = json!({"name": "Aurora", "tags": ["a"], "metadata": {"a": 1, "b": 2}, "plan": "x"});
    client.post("/customers", new).expect(201);
    assert_eq!(events(&client, 1).len(), 1);
    let updated = "customer.updated";
    for (patch, types, previous) in [
        (json!({"name": "Borealis"}), vec![updated], json!({"name": "Aurora"})),
        (json!({"mrr": 1, "name": "Borealis"}), vec![updated], json!({"mrr": null})),
        (json!({"mrr": null, "plan": "y"}), vec![updated], json!({"mrr": 1, "plan": "x"})),
        (json!({"tags": ["b"]}), vec![updated], json!({"tags": ["a"]})),
        (json!({"metadata": {"a": 1}}), vec![updated], json!({"metadata": {"a": 1, "b": 2}})),
        (json!({"slug": "b"}), vec![updated], json!({"slug": "aurora"})),
        (json!({"status": "active"}), vec![updated], json!({"status": "onboarding"})),
        (
            json!({"status": "at_risk", "plan": "z"}),
            vec![updated, "customer.at_risk"],
            json!({"status": "active", "plan": "y"}),
        ),
        (json!({"status": "at_risk", "plan": "a"}), vec![updated], json!({"plan": "z"})),
        (
            json!({"status": "churned"}),
            vec![updated, "customer.churned"],
            json!({"status": "at_risk"}),
        ),
        (
            json!({"status": "archived"}),
            vec![updated, "customer.archived"],
            json!({"status": "churned"}),
        ),
        (json!({"status": "onboarding"}), vec![updated], json!({"status": "archived"})),
    ] {
        let added = events_added_by(&client, "/customers/1", || {
            client.patch("/customers/1", patch.clone()).expect(200);
        });
        let expected: Vec<_> =
            types.into_iter().map(|kind| (kind.to_owned(), previous.clone())).collect();
        assert_eq!(added, expected, "{patch}");
    }
}

#[test]
fn a_deletion_records_one_event_with_the_deleted_object() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    client.post("/customers/1/contacts", contact).expect(201);
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    for (path, kind) in [
        ("/contacts/1", "contact.deleted"),
        ("/onboardings/1", "onboarding.deleted"),
        ("/customers/1", "customer.archived"),
    ] {
        let last = client.get(path).expect(200);
        let added = events_added_by(&client, path, || {
            for _ in 0..3 {
                client.delete(path).expect(200);
            }
        });
        assert_eq!(added, with_previous([kind], &Value::Null));
        assert_eq!(events(&client, 1).last().unwrap()["data"]["object"], last);
    }
}

#[test]
fn a_change_to_a_contact_records_its_events() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let added = events_added_by(&client, "/contacts/1", || {
        let body = json!({"name": "Maya", "email": "maya@aurora.example", "is_primary": true});
        client.post("/customers/1/contacts", body).expect(201);
    });
    assert_eq!(added, with_previous(["contact.created"], &Value::Null));
    let added = events_added_by(&client, "/contacts/1", || {
        let body = json!({"name": "Maya", "labels": ["it"], "title": "COO"});
        client.patch("/contacts/1", body).expect(200);
    });
    assert_eq!(added, with_previous(["contact.updated"], &json!({"title": null, "labels": []})));
}

#[test]
fn a_demoted_contact_gets_an_event_of_its_own() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let create = |email: &str, is_primary: bool| {
        let body = json!({"name": "N", "email": email, "is_primary": is_primary});
        client.post("/customers/1/contacts", body).expect(201)
    };
    let summary = |event: &Value| {
        let data = &event["data"];
        json!([
            event["type"],
            data["object"]["display_id"],
            data["object"]["is_primary"],
            data["previous_attributes"]
        ])
    };
    create("a@x.example", true);
    create("b@x.example", true);
    create("c@x.example", false);
    client.patch("/contacts/3", json!({"is_primary": true})).expect(200);
    let all = events(&client, 1);
    let mut of_contacts: Vec<Value> = all[1..].iter().map(summary).collect();
    // The order of events of the same change is not guaranteed.
    for change in [1..3, 4..6] {
        of_contacts[change].sort_by_key(|event| event[1].as_i64());
    }
    assert_eq!(
        json!(of_contacts),
        json!([
            ["contact.created", 1, true, null],
            ["contact.updated", 1, false, {"is_primary": true}],
            ["contact.created", 2, true, null],
            ["contact.created", 3, false, null],
            ["contact.updated", 2, false, {"is_primary": true}],
            ["contact.updated", 3, true, {"is_primary": false}],
        ])
    );
    for (number, event) in [(1, 2), (2, 5)] {
        let shown = client.get(&format!("/contacts/{number}")).expect(200);
        let same = all.iter().filter(|each| each["data"]["object"] == shown).count();
        assert_eq!(same, 1, "{}", all[event]);
    }
}

#[test]
fn a_change_to_an_onboarding_records_its_events() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let added = events_added_by(&client, "/onboardings/1", || {
        let body = json!({"customer_id": 1, "started_at": "2026-01-01"});
        client.post("/onboardings", body).expect(201);
    });
    assert_eq!(added, with_previous(["onboarding.created"], &Value::Null));
    let change = |patch: Value| {
        events_added_by(&client, "/onboardings/1", || {
            client.patch("/onboardings/1", patch).expect(200);
        })
    };
    let (updated, moved, turned) =
        ("onboarding.updated", "onboarding.phase_changed", "onboarding.state_changed");
    assert_eq!(change(json!({"notes": "x"})), with_previous([updated], &json!({"notes": null})));
    for (patch, types, previous) in [
        (
            json!({"phase": "review", "notes": "y"}),
            &[updated, moved][..],
            json!({"phase": "before_getting_started", "notes": "x"}),
        ),
        (
            json!({"phase": "launch"}),
            &[updated, moved, "onboarding.launched"],
            json!({"phase": "review"}),
        ),
        (json!({"phase": "launch", "notes": "z"}), &[updated], json!({"notes": "y"})),
        (
            json!({"state": "at_risk"}),
            &[updated, turned, "onboarding.at_risk"],
            json!({"state": "active"}),
        ),
        (
            json!({"state": "active"}),
            &[updated, turned, "onboarding.back_on_track"],
            json!({"state": "at_risk"}),
        ),
        (
            json!({"state": "at_risk"}),
            &[updated, turned, "onboarding.at_risk"],
            json!({"state": "active"}),
        ),
        (
            json!({"state": "paused"}),
            &[updated, turned, "onboarding.back_on_track"],
            json!({"state": "at_risk"}),
        ),
        (
            json!({"state": "at_risk", "notes": "a"}),
            &[updated, turned, "onboarding.at_risk"],
            json!({"state": "paused", "notes": "z"}),
        ),
        (json!({"state": "at_risk", "notes": "b"}), &[updated], json!({"notes": "a"})),
        (
            json!({"waiting_on_customer": true}),
            &[updated, turned, "onboarding.back_on_track"],
            json!({"state": "at_risk", "waiting_on_customer": false}),
        ),
        (
            json!({"waiting_on_customer": false}),
            &[updated, turned],
            json!({"state": "waiting", "waiting_on_customer": true}),
        ),
        (
            json!({"waiting_on_customer": true}),
            &[updated, turned],
            json!({"state": "active", "waiting_on_customer": false}),
        ),
        (
            json!({"state": "paused"}),
            &[updated, turned],
            json!({"state": "waiting", "waiting_on_customer": true}),
        ),
        (
            json!({"phase": "completed", "state": "active", "completed_at": "2026-02-01"}),
            &[updated, moved, "onboarding.completed", turned],
            json!({"phase": "launch", "state": "paused", "completed_at": null}),
        ),
        (
            json!({"phase": "launch"}),
            &[updated, moved, "onboarding.launched"],
            json!({"phase": "completed", "completed_at": "2026-02-01T00:00:00.000Z"}),
        ),
    ] {
        let expected: Vec<_> =
            types.iter().map(|kind| ((*kind).to_owned(), previous.clone())).collect();
        assert_eq!(change(patch.clone()), expected, "{patch}");
    }
}

#[test]
fn a_customer_that_churns_pauses_its_active_onboardings() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.customer("Borealis");
    for (customer, state) in
        [(1, "active"), (1, "at_risk"), (1, "waiting"), (1, "paused"), (1, "active"), (2, "active")]
    {
        client.post("/onboardings", json!({"customer_id": customer, "state": state})).expect(201);
    }
    client.post("/onboardings", json!({"customer_id": 1, "phase": "completed"})).expect(201);
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    let deleted = "/onboardings/8/activity";
    client.delete("/onboardings/8").expect(200);
    let before_churn = client.get(deleted).expect(200);
    let onboarding = |number: i64| client.get(&format!("/onboardings/{number}")).expect(200);
    let untouched = [2, 3, 4, 6].map(onboarding);
    client.patch("/customers/1", json!({"status": "at_risk"})).expect(200);

    let before = events(&client, 1).len();
    let me = client.get("/me").expect(200)["api_key"]["id"].clone();
    client.patch("/customers/1", json!({"status": "churned"})).expect(200);
    let written: Vec<_> = events(&client, 1)[before..]
        .iter()
        .map(|event| {
            assert_eq!(event["actor"]["id"], me);
            let data = &event["data"];
            let object = &data["object"];
            if object["object"] == "onboarding" {
                assert_eq!(*object, onboarding(object["display_id"].as_i64().unwrap()));
                assert_eq!(object["state"], "paused");
            }
            json!([event["type"], object["display_id"], data["previous_attributes"]])
        })
        .collect();
    let paused = json!({"state": "active"});
    assert_eq!(
        json!(written),
        json!([
            ["customer.updated", 1, {"status": "at_risk"}],
            ["customer.churned", 1, {"status": "at_risk"}],
            ["onboarding.updated", 1, paused],
            ["onboarding.state_changed", 1, paused],
            ["onboarding.updated", 5, paused],
            ["onboarding.state_changed", 5, paused],
            ["onboarding.updated", 7, paused],
            ["onboarding.state_changed", 7, paused],
        ])
    );
    assert_eq!([2, 3, 4, 6].map(onboarding), untouched);
    assert_eq!(client.get(deleted).expect(200), before_churn);

    // Neither a second churn nor the customer's return changes them again.
    client.patch("/onboardings/1", json!({"state": "active"})).expect(200);
    client.patch("/customers/1", json!({"status": "churned", "plan": "x"})).expect(200);
    assert_eq!(onboarding(1)["state"], "active");
    client.patch("/customers/1", json!({"status": "active"})).expect(200);
    let states = [1, 5, 7].map(|number| onboarding(number)["state"].clone());
    assert_eq!(states, [json!("active"), json!("paused"), json!("paused")]);
}

#[test]
fn the_side_effects_of_a_change_are_in_its_event_too() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    let added = events_added_by(&client, "/onboardings/1", || {
        client.patch("/onboardings/1", json!({"phase": "completed"})).expect(200);
    });
    let previous =
        json!({"phase": "before_getting_started", "started_at": null, "completed_at": null});
    let types = ["onboarding.updated", "onboarding.phase_changed", "onboarding.completed"];
    assert_eq!(added, with_previous(types, &previous));
}

#[test]
fn the_history_of_phases_can_be_reconstructed() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    client.post("/onboardings", json!({"customer_id": 1, "phase": "review"})).expect(201);
    let way = [
        "before_getting_started",
        "program_design",
        "review",
        "program_design",
        "program_buildout",
        "internal_qa",
        "launch",
        "completed",
        "launch",
        "completed",
    ];
    for phase in &way[1..] {
        client.patch("/onboardings/1", json!({"notes": phase})).expect(200);
        client.patch("/onboardings/1", json!({"phase": phase})).expect(200);
        client.patch("/onboardings/2", json!({"phase": phase})).expect(200);
    }
    let id = client.get("/onboardings/1").expect(200)["id"].clone();
    client.delete("/onboardings/1").expect(200);
    let path = "/onboardings/1/activity?type=onboarding.phase_changed&limit=2";
    let mut moves = client.walk(path);
    moves.reverse();
    let moves: Vec<(Value, Value)> = moves
        .iter()
        .map(|event| {
            let data = &event["data"];
            (data["previous_attributes"]["phase"].clone(), data["object"]["phase"].clone())
        })
        .collect();
    let expected: Vec<_> = way.windows(2).map(|step| (json!(step[0]), json!(step[1]))).collect();
    assert_eq!(moves, expected);
    // The row also stores both phases in columns.
    let sql = "SELECT from_phase, to_phase FROM events
               WHERE type = 'onboarding.phase_changed' AND resource_id = ?1 ORDER BY created_at";
    let rows = server.sql().query(sql, [id.as_str().unwrap()], |row| {
        (json!(row.get::<String>(0)), json!(row.get::<String>(1)))
    });
    assert_eq!(rows, expected);
}

#[test]
fn a_patch_that_changes_nothing_records_no_event() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.customer("Borealis");
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    client.post("/customers/1/contacts", contact.clone()).expect(201);
    let body = br#"{"customer_id":1}"#;
    let retry = [("Idempotency-Key", "k1")];
    client.send("POST", "/onboardings", &retry, Some(body)).expect(201);
    let before = events(&client, 1);
    assert_eq!(before.len(), 3);

    client.send("POST", "/onboardings", &retry, Some(body)).expect(201);
    client.post("/customers/1/contacts", contact).refused(409, "email_taken", "email");
    client.patch("/customers/1", json!({"slug": "borealis"})).refused(409, "slug_taken", "slug");
    client.patch("/customers/1", json!({"name": ""})).refused(400, "too_small", "name");
    client.patch("/customers/1", json!({"nonsense": 1})).refused(400, "empty_patch", None);
    client.patch("/contacts/1", json!({"is_primary": 1})).refused(
        400,
        "invalid_type",
        "is_primary",
    );
    client.patch("/onboardings/1", json!({"phase": 1})).refused(400, "invalid_type", "phase");
    for path in ["/customers/1", "/customers/1/contacts", "/contacts/1", "/onboardings/1"] {
        client.get(path).expect(200);
    }
    assert_eq!(events(&client, 1), before);
}

#[test]
fn events_cannot_be_changed_or_removed() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let before = events(&client, 1);
    for sql in ["UPDATE events SET actor_name = 'x'", "DELETE FROM events"] {
        let error = server.sql().execute(sql, []).unwrap_err();
        assert!(error.contains("append-only"), "{error}");
    }
    assert_eq!(events(&client, 1), before);
}
