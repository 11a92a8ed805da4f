//! `/customers`

use serde_json::json;

use crate::support::Server;

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
fn display_ids_are_never_reused() {
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
fn deleting_a_customer_hides_its_contacts_and_onboardings() {
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
