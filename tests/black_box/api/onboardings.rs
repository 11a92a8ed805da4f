//! `/onboardings` and `/customers/{id}/onboardings`

use serde_json::{Value, json};

use crate::support::Server;

#[test]
fn a_new_onboarding_accepts_both_forms_of_the_customer_id() {
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
fn a_new_onboarding_must_name_a_live_customer() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let gone = client.customer("Gone");
    client.delete("/customers/2").expect(200);
    for wrong in [json!(null), json!(true), json!([]), json!({}), json!(1.5)] {
        client.post("/onboardings", json!({"customer_id": wrong})).refused(
            400,
            "invalid_type",
            "customer_id",
        );
    }
    let unknown = format!("c{}", "0".repeat(25));
    for unknown in [
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
        let reply = client.post("/onboardings", json!({"customer_id": unknown}));
        assert_eq!(
            (reply.status, &reply.json()["error"]["code"]),
            (404, &json!("customer_not_found"))
        );
    }
    assert_eq!(client.list("/onboardings"), json!([]));
}

#[test]
fn combined_filters_must_all_match() {
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
    for unknown in ["4", "0", "aurora", &"9".repeat(40), &format!("c{}", "0".repeat(25))] {
        assert_eq!(client.walk(&format!("/onboardings?customer_id={unknown}")), [json!(null); 0]);
    }
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
            let found = |path: &str| client.list(path);
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
fn a_filter_must_be_a_possible_value_of_its_field() {
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
