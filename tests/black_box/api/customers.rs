//! `/customers`

use serde_json::{Value, json};

use crate::support::Server;

#[test]
fn a_customer_needs_only_a_name() {
    let server = Server::start();
    let reply = server.client().post("/customers", json!({"name": " Aurora Søfart "}));
    let customer = reply.expect(201);
    let id = customer["id"].as_str().unwrap();
    assert_eq!(reply.header("location"), Some(format!("/api/v1/customers/{id}").as_str()));
    let created_at = &customer["created_at"];
    assert_eq!(
        customer,
        json!({
            "object": "customer", "id": id, "display_id": 1, "name": "Aurora Søfart",
            "slug": "aurora-sofart", "domain": null, "status": "onboarding", "plan": null,
            "mrr": null, "monthly_orders": null, "hubspot_company_id": null,
            "hubspot_deal_id": null, "stripe_customer_id": null, "intercom_company_id": null,
            "slack_channel_id": null, "tags": [], "metadata": {}, "created_at": created_at,
            "updated_at": created_at,
        })
    );
    assert_eq!(server.client().get(&format!("/customers/{id}")).expect(200), customer);
    assert_eq!(server.client().get("/customers/1").expect(200), customer);
}

#[test]
fn a_deleted_slug_is_free_again() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let taken = json!({"name": "Other", "slug": "aurora"});
    client.post("/customers", taken.clone()).refused(409, "slug_taken", "slug");
    let deleted = client.delete("/customers/1").expect(200);
    assert_eq!(deleted["deleted"], true);
    assert_eq!(client.delete("/customers/1").expect(200), deleted);
    let again = client.post("/customers", taken).expect(201);
    assert_eq!((&again["slug"], &again["display_id"]), (&json!("aurora"), &json!(2)));
    client.get("/customers/1").refused(404, "customer_not_found", None);
    assert_eq!(client.get("/customers").expect(200)["data"], Value::from_iter([again]));
}

#[test]
fn an_empty_list_is_a_list() {
    let server = Server::start();
    assert_eq!(
        server.client().get("/customers").body,
        r#"{"object":"list","data":[],"has_more":false,"next_cursor":null}"#
    );
}

#[test]
fn a_customer_is_created_with_all_of_its_properties() {
    let server = Server::start();
    let client = server.client();
    let body = json!({
        "name": "Aurora", "slug": "aurora-1", "domain": "aurora.example", "status": "at_risk",
        "plan": "Scale", "mrr": 129_900, "monthly_orders": 12, "hubspot_company_id": "h1",
        "hubspot_deal_id": "h2", "stripe_customer_id": "s1", "intercom_company_id": "i1",
        "slack_channel_id": "C1", "tags": ["a", "b"], "metadata": {"z": 1, "a": [2]},
    });
    let created = client.post("/customers", body.clone()).expect(201);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    assert_eq!(client.get("/customers/1").expect(200), created);
    assert_eq!(client.get("/customers").expect(200)["data"], json!([created]));
}

#[test]
fn ids_are_opaque_cuids_and_times_have_milliseconds() {
    let server = Server::start();
    let client = server.client();
    let mut ids = Vec::new();
    for display_id in 1..=20 {
        let customer = client.customer("Aurora");
        assert_eq!(customer["display_id"], display_id);
        let id = customer["id"].as_str().unwrap();
        assert_eq!((id.len(), &id[..1]), (26, "c"), "{id}");
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{id}");
        ids.push(id.to_owned());
        for name in ["created_at", "updated_at"] {
            let time = customer[name].as_str().unwrap();
            let shape: String =
                time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            assert_eq!(shape, "0000-00-00T00:00:00.000Z");
        }
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn either_form_of_the_id_names_a_customer() {
    let server = Server::start();
    let client = server.client();
    for (display_id, by_number) in [(1, false), (2, true)] {
        let customer = client.customer("Aurora");
        let id = customer["id"].as_str().unwrap();
        let path = format!("/customers/{}", if by_number { "2" } else { id });
        assert_eq!(client.get(&path).expect(200), customer);
        let patched = client.patch(&path, json!({"plan": "Scale"})).expect(200);
        assert_eq!((&patched["id"], &patched["plan"]), (&customer["id"], &json!("Scale")));
        for _ in 0..2 {
            assert_eq!(
                client.delete(&path).expect(200),
                json!({"object": "deleted", "id": id, "display_id": display_id, "deleted": true})
            );
        }
        for named in [id, &display_id.to_string()] {
            let path = format!("/customers/{named}");
            client.get(&path).refused(404, "customer_not_found", None);
            client.patch(&path, json!({"plan": "x"})).refused(404, "customer_not_found", None);
        }
    }
}

#[test]
fn what_is_no_id_of_a_customer_is_not_found() {
    let server = Server::start();
    let client = server.client();
    let customer = client.customer("Aurora");
    let contact = client
        .post("/customers/1/contacts", json!({"name": "Maya", "email": "maya@aurora.example"}))
        .expect(201);
    let (id, contact) = (customer["id"].as_str().unwrap(), contact["id"].as_str().unwrap());
    let unknown = format!("c{}", "0".repeat(25));
    let (upper, longer, digits) = (id.to_uppercase(), format!("{id}0"), "9".repeat(40));
    for named in
        ["aurora", "0", "2", "-1", "1.0", "%31x", &unknown, &upper, &longer, &digits, contact]
    {
        let path = format!("/customers/{named}");
        client.get(&path).refused(404, "customer_not_found", None);
        client.patch(&path, json!({"plan": "x"})).refused(404, "customer_not_found", None);
        client.delete(&path).refused(404, "customer_not_found", None);
        for list in ["contacts", "onboardings", "activity"] {
            let path = format!("/customers/{named}/{list}");
            client.get(&path).refused(404, "customer_not_found", None);
        }
    }
    assert_eq!(client.get("/customers/1").expect(200), customer);
}

#[test]
fn a_list_has_the_newest_first_and_what_is_deleted_is_not_in_it() {
    let server = Server::start();
    let client = server.client();
    let customers: Vec<Value> = (0..5).map(|i| client.customer(&format!("C{i}"))).collect();
    client.delete("/customers/3").expect(200);
    // A change does not move a customer in the list.
    let second = client.patch("/customers/2", json!({"status": "archived"})).expect(200);
    let list = client.get("/customers").expect(200);
    assert_eq!(
        list,
        json!({
            "object": "list", "data": [customers[4], customers[3], second, customers[0]],
            "has_more": false, "next_cursor": null,
        })
    );
}

#[test]
fn a_display_id_is_never_given_out_again() {
    let server = Server::start();
    let client = server.client();
    client.customer("A");
    client.customer("B");
    client.delete("/customers/2").expect(200);
    assert_eq!(client.customer("C")["display_id"], 3);
    client.post("/customers", json!({"name": "D", "slug": "a"})).refused(409, "slug_taken", "slug");
    client.post("/customers", json!({})).refused(400, "missing_field", "name");
    let next = client.customer("E")["display_id"].as_i64().unwrap();
    assert!(next > 3, "{next}");
}

#[test]
fn deleting_a_customer_hides_what_belongs_to_it() {
    let server = Server::start();
    let client = server.client();
    let customer = client.customer("Aurora");
    let other = client.customer("Borealis");
    let maya = json!({"name": "Maya", "email": "maya@aurora.example"});
    let contact = client.post("/customers/1/contacts", maya.clone()).expect(201);
    let new = json!({"customer_id": customer["id"]});
    let onboarding = client.post("/onboardings", new.clone()).expect(201);
    let kept = client.post("/onboardings", json!({"customer_id": other["id"]})).expect(201);
    client.delete("/customers/1").expect(200);

    for path in ["/customers/1/contacts", "/customers/1/onboardings"] {
        client.get(path).refused(404, "customer_not_found", None);
    }
    client.post("/customers/1/contacts", maya).refused(404, "customer_not_found", None);
    client.post("/onboardings", new).refused(404, "customer_not_found", None);
    for query in [
        "",
        "?state=active",
        "?phase=before_getting_started",
        "?state=active&phase=before_getting_started",
    ] {
        let list = client.get(&format!("/onboardings{query}")).expect(200);
        assert_eq!(list["data"], json!([kept]), "{query}");
    }
    let id = customer["id"].as_str().unwrap();
    for named in [id, "1"] {
        let list = client.get(&format!("/onboardings?customer_id={named}")).expect(200);
        assert_eq!(list["data"], json!([]));
    }
    assert_eq!(client.get("/contacts/1").expect(200), contact);
    assert_eq!(client.get("/onboardings/1").expect(200), onboarding);
}
