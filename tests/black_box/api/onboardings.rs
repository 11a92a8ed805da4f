//! `/onboardings` and `/customers/{id}/onboardings`

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// Opens an onboarding of the customer with this display id.
fn onboarding(client: &Client, customer: i64) -> Value {
    client.post("/onboardings", json!({"customer_id": customer})).expect(201)
}

#[test]
fn an_onboarding_needs_only_a_customer() {
    let server = Server::start();
    let client = server.client();
    let customer = client.customer("Aurora");
    let reply = client.post("/onboardings", json!({"customer_id": customer["id"]}));
    let onboarding = reply.expect(201);
    let id = onboarding["id"].as_str().unwrap();
    assert_eq!(reply.header("location"), Some(format!("/api/v1/onboardings/{id}").as_str()));
    assert!(id.starts_with('c') && id.len() == 26, "{id}");
    let created_at = &onboarding["created_at"];
    assert_eq!(
        onboarding,
        json!({
            "object": "onboarding", "id": id, "display_id": 1, "customer_id": customer["id"],
            "name": null, "template_id": null, "phase": "before_getting_started",
            "state": "active", "waiting_on_customer": false, "started_at": null,
            "completed_at": null, "target_launch_date": null, "csm_id": null, "se_id": null,
            "designer_id": null, "product_ops_id": null, "notes": null,
            "reminders_enabled": true, "reminder_frequency_days": 1, "created_at": created_at,
            "updated_at": created_at,
        })
    );
    for path in [format!("/onboardings/{id}"), "/onboardings/1".to_owned()] {
        assert_eq!(client.get(&path).expect(200), onboarding);
    }
}

#[test]
fn an_onboarding_is_created_with_all_of_its_properties() {
    let server = Server::start();
    let client = server.client();
    let customer = client.customer("Aurora");
    let body = json!({
        "customer_id": customer["id"], "name": "Rollout", "template_id": "t1", "phase": "launch",
        "state": "waiting", "waiting_on_customer": true,
        "started_at": "2026-05-01T08:00:00.123Z", "completed_at": "2026-07-01T00:00:00.000Z",
        "target_launch_date": "2026-06-15T00:00:00.000Z", "csm_id": "u1", "se_id": "u2",
        "designer_id": "u3", "product_ops_id": "u4", "notes": "A\nB", "reminders_enabled": false,
        "reminder_frequency_days": 7,
    });
    let created = client.post("/onboardings", body.clone()).expect(201);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    assert_eq!(client.get("/onboardings/1").expect(200), created);
}

#[test]
fn either_form_of_the_id_names_the_customer_of_a_new_onboarding() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let id = client.customer("Borealis")["id"].clone();
    let padded = json!(format!(" {} ", id.as_str().unwrap()));
    for named in [id.clone(), json!(2), json!("2"), padded] {
        let created = client.post("/onboardings", json!({"customer_id": named})).expect(201);
        assert_eq!(created["customer_id"], id);
    }
}

#[test]
fn a_new_onboarding_has_to_name_a_living_customer() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let gone = client.customer("Gone");
    client.delete("/customers/2").expect(200);
    let missing = client.post("/onboardings", json!({"name": "x"}));
    let missing = missing.refused(400, "missing_field", "customer_id");
    assert_eq!(missing["message"], "customer_id is required");
    for wrong in [json!(null), json!(true), json!([]), json!({}), json!(1.5)] {
        client.post("/onboardings", json!({"customer_id": wrong})).refused(
            400,
            "invalid_type",
            "customer_id",
        );
    }
    let unknown = format!("c{}", "0".repeat(25));
    for nobody in [
        json!(unknown),
        json!("aurora"),
        json!("3"),
        json!(3),
        json!(0),
        json!(u64::MAX),
        json!("9".repeat(40)),
        gone["id"].clone(),
        json!(2),
        json!("2"),
    ] {
        let reply = client.post("/onboardings", json!({"customer_id": nobody}));
        assert_eq!(
            (reply.status, &reply.json()["error"]["code"]),
            (404, &json!("customer_not_found"))
        );
    }
    assert_eq!(client.get("/onboardings").expect(200)["data"], json!([]));
}

#[test]
fn an_onboarding_is_deleted_once_and_for_all() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    for (display_id, by_number) in [(1, false), (2, true)] {
        let onboarding = onboarding(&client, 1);
        let id = onboarding["id"].as_str().unwrap();
        let path = format!("/onboardings/{}", if by_number { "2" } else { id });
        assert_eq!(client.get(&path).expect(200), onboarding);
        assert_eq!(client.patch(&path, json!({"notes": "x"})).expect(200)["notes"], "x");
        for _ in 0..2 {
            assert_eq!(
                client.delete(&path).expect(200),
                json!({"object": "deleted", "id": id, "display_id": display_id, "deleted": true})
            );
        }
        for named in [id, &display_id.to_string()] {
            let path = format!("/onboardings/{named}");
            client.get(&path).refused(404, "onboarding_not_found", None);
            client.patch(&path, json!({"notes": "y"})).refused(404, "onboarding_not_found", None);
        }
        for list in ["/onboardings", "/onboardings?customer_id=1", "/customers/1/onboardings"] {
            assert_eq!(client.get(list).expect(200)["data"], json!([]));
        }
    }
    assert_eq!(onboarding(&client, 1)["display_id"], 3);
}

#[test]
fn what_is_no_id_of_an_onboarding_is_not_found() {
    let server = Server::start();
    let client = server.client();
    let customer = client.customer("Aurora");
    onboarding(&client, 1);
    let unknown = format!("c{}", "0".repeat(25));
    let digits = "9".repeat(40);
    for named in ["0", "2", "rollout", &unknown, &digits, customer["id"].as_str().unwrap()] {
        let path = format!("/onboardings/{named}");
        client.get(&path).refused(404, "onboarding_not_found", None);
        client.patch(&path, json!({"notes": "x"})).refused(404, "onboarding_not_found", None);
        client.delete(&path).refused(404, "onboarding_not_found", None);
        client.get(&format!("{path}/activity")).refused(404, "onboarding_not_found", None);
    }
}

#[test]
fn onboardings_are_listed_newest_first_under_their_customer_too() {
    let server = Server::start();
    let client = server.client();
    let id = client.customer("Aurora")["id"].as_str().unwrap().to_owned();
    client.customer("Borealis");
    let empty = r#"{"object":"list","data":[],"has_more":false,"next_cursor":null}"#;
    for path in ["/onboardings", "/customers/1/onboardings", "/onboardings?customer_id=1"] {
        assert_eq!(client.get(path).body, empty, "{path}");
    }
    let all: Vec<Value> = [1, 2, 1, 2, 1].map(|customer| onboarding(&client, customer)).into();
    let list = client.get("/onboardings").expect(200);
    assert_eq!(
        list,
        json!({
            "object": "list", "data": [all[4], all[3], all[2], all[1], all[0]],
            "has_more": false, "next_cursor": null,
        })
    );
    let of_aurora = json!([all[4], all[2], all[0]]);
    for path in [
        "/customers/1/onboardings".to_owned(),
        format!("/customers/{id}/onboardings"),
        "/onboardings?customer_id=1".to_owned(),
        format!("/onboardings?customer_id={id}"),
    ] {
        assert_eq!(client.get(&path).expect(200)["data"], of_aurora, "{path}");
    }
    for nobody in ["3", "0", "aurora", &"9".repeat(40), &format!("c{}", "0".repeat(25))] {
        assert_eq!(client.get(&format!("/onboardings?customer_id={nobody}")).body, empty);
        client.get(&format!("/customers/{nobody}/onboardings")).refused(
            404,
            "customer_not_found",
            None,
        );
    }
}

#[test]
fn filters_in_combination_all_hold() {
    const STATES: [&str; 4] = ["active", "paused", "at_risk", "waiting"];
    const PHASES: [&str; 3] = ["before_getting_started", "internal_qa", "completed"];
    let server = Server::start();
    let client = server.client();
    let ids = ["Aurora", "Borealis", "Cirrus"].map(|name| client.customer(name)["id"].clone());
    for (i, id) in ids[..2].iter().enumerate() {
        for state in STATES {
            for phase in &PHASES[i..] {
                let body = json!({"customer_id": id, "state": state, "phase": phase});
                client.post("/onboardings", body).expect(201);
            }
        }
    }
    let all = client.walk("/onboardings");
    assert_eq!(all.len(), 20);
    for state in STATES.map(Some).into_iter().chain([None]) {
        for phase in PHASES.map(Some).into_iter().chain([None, Some("review")]) {
            let rules = [("state", state), ("phase", phase)];
            let query: String = rules
                .iter()
                .filter_map(|(name, value)| value.map(|value| format!("&{name}={value}")))
                .collect();
            let holds = |item: &Value, customer: Option<&Value>| {
                rules.iter().all(|(name, value)| value.is_none_or(|value| item[name] == value))
                    && customer.is_none_or(|customer| item["customer_id"] == *customer)
            };
            let expected = |customer| -> Value {
                all.iter().filter(|item| holds(item, customer)).cloned().collect()
            };
            let found = |path: &str| client.get(path).expect(200)["data"].clone();
            assert_eq!(found(&format!("/onboardings?{query}")), expected(None), "{query}");
            for (display_id, id) in (1..).zip(&ids) {
                let named = id.as_str().unwrap();
                for path in [
                    format!("/onboardings?customer_id={display_id}{query}"),
                    format!("/onboardings?customer_id={named}{query}"),
                    format!("/customers/{display_id}/onboardings?{query}"),
                    format!("/customers/{named}/onboardings?{query}"),
                ] {
                    assert_eq!(found(&path), expected(Some(id)), "{path}");
                }
            }
        }
    }
}

#[test]
fn a_filter_has_to_be_a_value_that_the_property_can_have() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    for path in ["/onboardings", "/customers/1/onboardings"] {
        for (name, value) in
            [("state", "late"), ("state", ""), ("state", "Active"), ("phase", "start")]
        {
            client.get(&format!("{path}?{name}={value}")).refused(400, "invalid_enum_value", name);
        }
        let both = client.get(&format!("{path}?phase=x&state=y"));
        assert_eq!(both.json()["error"]["errors"].as_array().unwrap().len(), 2);
        client.get(&format!("{path}?unknown=x")).expect(200);
    }
}
