//! `/customers/{id}/activity` and `/onboardings/{id}/activity`

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// Every type of event.
const TYPES: [&str; 19] = [
    "customer.created",
    "customer.updated",
    "customer.archived",
    "customer.at_risk",
    "customer.churned",
    "contact.created",
    "contact.updated",
    "contact.deleted",
    "onboarding.created",
    "onboarding.updated",
    "onboarding.phase_changed",
    "onboarding.state_changed",
    "onboarding.at_risk",
    "onboarding.back_on_track",
    "onboarding.launched",
    "onboarding.completed",
    "onboarding.deleted",
    "api_key.created",
    "api_key.revoked",
];

/// The types of the events in a list, newest first.
#[track_caller]
fn types(client: &Client, path: &str) -> Vec<String> {
    let events = client.list(path);
    let events = events.as_array().unwrap().iter();
    events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// Creates, updates, and deletes a customer with a contact and an onboarding.
fn create_update_and_delete(client: &Client) -> (Value, Value) {
    let customer = client.customer("Aurora");
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    client.post("/customers/1/contacts", contact).expect(201);
    let onboarding = client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    client.patch("/customers/1", json!({"plan": "Scale"})).expect(200);
    client.patch("/contacts/1", json!({"title": "COO"})).expect(200);
    client.patch("/onboardings/1", json!({"notes": "x"})).expect(200);
    client.delete("/contacts/1").expect(200);
    client.delete("/onboardings/1").expect(200);
    client.delete("/customers/1").expect(200);
    (customer, onboarding)
}

#[test]
fn an_event_is_a_webhook_envelope_with_its_actor() {
    let server = Server::start();
    let client = server.client();
    let me = client.get("/me").expect(200);
    let actor =
        json!({"type": "api_key", "id": me["api_key"]["id"], "name": me["api_key"]["name"]});
    let created = client.customer("Aurora");
    let updated = client.patch("/customers/1", json!({"plan": "Scale", "mrr": 7})).expect(200);
    let list = client.get("/customers/1/activity").expect(200);
    let events = list["data"].as_array().unwrap();
    let event = |i: usize, kind: &str, object: &Value, previous: Value| {
        json!({
            "object": "event", "id": events[i]["id"], "type": kind,
            "created_at": events[i]["created_at"], "org_id": me["organization"]["id"],
            "livemode": true, "api_version": "v1", "actor": actor,
            "data": {"object": object, "previous_attributes": previous},
        })
    };
    let data = json!([
        event(0, "customer.updated", &updated, json!({"plan": null, "mrr": null})),
        event(1, "customer.created", &created, Value::Null),
    ]);
    assert_eq!(
        list,
        json!({"object": "list", "data": data, "has_more": false, "next_cursor": null})
    );
    for event in events {
        let id = event["id"].as_str().unwrap();
        let rest = id.strip_prefix("evt_").unwrap();
        assert!(rest.len() >= 24 && rest.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
    }
    // The event's time is the customer's creation time.
    assert_eq!(events[1]["created_at"], created["created_at"]);
    assert!(events[0]["created_at"].as_str() >= events[1]["created_at"].as_str());
    assert_ne!(events[0]["id"], events[1]["id"]);
}

#[test]
fn events_caused_by_a_test_key_have_livemode_false() {
    let server = Server::start();
    let (live, test) = (server.client(), server.client_with(&server.test));
    live.customer("Aurora");
    test.patch("/customers/1", json!({"plan": "x"})).expect(200);
    test.post("/onboardings", json!({"customer_id": 1})).expect(201);
    live.patch("/onboardings/1", json!({"phase": "launch"})).expect(200);
    // Both keys read the same events.
    let events = test.list("/customers/1/activity");
    assert_eq!(live.list("/customers/1/activity"), events);
    let keys = [&live, &test].map(|client| client.get("/me").expect(200)["api_key"]["id"].clone());
    assert_ne!(keys[0], keys[1]);
    let expected = [
        ("onboarding.launched", true),
        ("onboarding.phase_changed", true),
        ("onboarding.updated", true),
        ("onboarding.created", false),
        ("customer.updated", false),
        ("customer.created", true),
    ];
    assert_eq!(events.as_array().unwrap().len(), expected.len());
    for (event, (kind, is_live)) in events.as_array().unwrap().iter().zip(expected) {
        assert_eq!((&event["type"], &event["livemode"]), (&json!(kind), &json!(is_live)));
        assert_eq!(event["actor"]["id"], keys[usize::from(!is_live)]);
    }
}

#[test]
fn a_customers_activity_contains_the_events_of_its_resources_and_no_others() {
    let server = Server::start();
    let client = server.client();
    let (customer, onboarding) = create_update_and_delete(&client);
    client.customer("Borealis");
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    client.post("/customers/2/contacts", contact).expect(201);
    client.post("/onboardings", json!({"customer_id": 2})).expect(201);
    let of_customer = [
        "customer.archived",
        "onboarding.deleted",
        "contact.deleted",
        "onboarding.updated",
        "contact.updated",
        "customer.updated",
        "onboarding.created",
        "contact.created",
        "customer.created",
    ];
    // Everything is deleted, and the activity is where a client can still see it.
    for named in [customer["id"].as_str().unwrap(), "1"] {
        assert_eq!(types(&client, &format!("/customers/{named}/activity")), of_customer);
    }
    for named in [onboarding["id"].as_str().unwrap(), "1"] {
        assert_eq!(
            types(&client, &format!("/onboardings/{named}/activity")),
            ["onboarding.deleted", "onboarding.updated", "onboarding.created"]
        );
    }
    assert_eq!(
        types(&client, "/customers/2/activity"),
        ["onboarding.created", "contact.created", "customer.created"]
    );
    assert_eq!(types(&client, "/onboardings/2/activity"), ["onboarding.created"]);
}

#[test]
fn the_activity_of_an_onboarding_remains_after_its_customer_is_deleted() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    client.delete("/customers/1").expect(200);
    client.patch("/onboardings/1", json!({"notes": "x"})).expect(200);
    let path = "/onboardings/1/activity";
    assert_eq!(types(&client, path), ["onboarding.updated", "onboarding.created"]);
}

#[test]
fn the_type_filter_narrows_the_list() {
    let server = Server::start();
    let client = server.client();
    create_update_and_delete(&client);
    for (path, resource) in
        [("/customers/1/activity", ""), ("/onboardings/1/activity", "onboarding")]
    {
        let all = types(&client, path);
        assert!(all.iter().all(|kind| kind.starts_with(resource)), "{all:?}");
        for kind in TYPES {
            let mut expected = all.clone();
            expected.retain(|each| each == kind);
            assert_eq!(types(&client, &format!("{path}?type={kind}")), expected, "{kind}");
        }
        for wrong in ["", "customer", "customer.*", "customer.deleted", "Customer.Created"] {
            client.get(&format!("{path}?type={wrong}")).refused(400, "invalid_enum_value", "type");
        }
    }
}

#[test]
fn activity_is_paged_like_every_list() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    for i in 0..30 {
        let phase = if i % 2 == 0 { "launch" } else { "review" };
        client.patch("/onboardings/1", json!({"phase": phase})).expect(200);
    }
    for (path, total) in [("/customers/1/activity", 77), ("/onboardings/1/activity", 76)] {
        let page = client.get(path).expect(200);
        assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (25, &json!(true)));
        let whole = client.list(&format!("{path}?limit=100"));
        assert_eq!(whole.as_array().unwrap().len(), total);
        for limit in [1, 2, 7, 25, 99] {
            assert_eq!(json!(client.walk(&format!("{path}?limit={limit}"))), whole, "{limit}");
        }
        let launched = client.walk(&format!("{path}?type=onboarding.launched&limit=4"));
        assert_eq!(launched.len(), 15);
    }
}

#[test]
fn a_customers_activity_shows_only_events_that_the_key_can_read() {
    let server = Server::start();
    let client = server.client();
    create_update_and_delete(&client);
    let all = client.walk("/customers/1/activity");
    assert_eq!(all.len(), 9);
    let resources = ["customer", "contact", "onboarding"];
    for scopes in 0..1 << resources.len() {
        let reads = |resource: &str| {
            resources.iter().position(|one| *one == resource).is_some_and(|n| scopes & 1 << n != 0)
        };
        // Write scopes don't reveal anything more.
        let mut options = Vec::new();
        for resource in resources {
            options.extend(["--scope".to_owned(), format!("write:{resource}s")]);
            if reads(resource) {
                options.extend(["--scope".to_owned(), format!("read:{resource}s")]);
            }
        }
        let options: Vec<&str> =
            ["--tier", "unlimited"].into_iter().chain(options.iter().map(String::as_str)).collect();
        let client = server.client_with(&server.create_key(&options));
        let path = "/customers/1/activity";
        if !reads("customer") {
            client.get(path).refused(403, "insufficient_scope", None);
            continue;
        }
        let mut visible = all.clone();
        visible.retain(|event| reads(event["data"]["object"]["object"].as_str().unwrap()));
        for limit in [1, 2, 3, 5, 100] {
            assert_eq!(client.walk(&format!("{path}?limit={limit}")), visible, "{options:?}");
        }
        // A page that shows all visible events says that it is the last: hidden events don't count.
        let exact = client.get(&format!("{path}?limit={}", visible.len())).expect(200);
        assert_eq!((&exact["has_more"], &exact["next_cursor"]), (&json!(false), &Value::Null));
        for kind in TYPES {
            let mut expected = visible.clone();
            expected.retain(|event| event["type"] == kind);
            let found = client.walk(&format!("{path}?limit=1&type={kind}"));
            assert_eq!(found, expected, "{options:?} {kind}");
        }
        let emails = json!(visible).to_string().contains("maya@aurora.example");
        assert_eq!(emails, reads("contact"));
    }
}

#[test]
fn events_of_keys_are_not_in_any_timeline() {
    let server = Server::start();
    server.client().customer("Aurora");
    let key = server.create_key(&["--test"]);
    let id = server.client_with(&key).get("/me").expect(200)["api_key"]["id"].clone();
    let id = id.as_str().unwrap();
    server.json(&["keys", "revoke", id]);
    server.client_with(&key).get("/me").refused(401, "api_key_revoked", None);
    let sql = "SELECT type, actor_type, customer_id IS NULL, object FROM events
               WHERE resource_id = ?1 ORDER BY created_at";
    let events: Vec<(String, String, bool, Value)> = server.sql().query(sql, [id], |row| {
        let object: Value = serde_json::from_str(&row.get::<String>(3)).unwrap();
        (row.get(0), row.get(1), row.get(2), object["name"].clone())
    });
    let event = |kind: &str| (kind.to_owned(), "admin".to_owned(), true, json!("test key"));
    assert_eq!(events, [event("api_key.created"), event("api_key.revoked")]);
    assert_eq!(types(&server.client(), "/customers/1/activity"), ["customer.created"]);
}
