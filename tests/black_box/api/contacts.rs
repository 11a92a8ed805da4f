//! `/customers/{id}/contacts` and `/contacts`

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// Creates a contact with this address of the customer with this display id.
fn contact(client: &Client, customer: i64, email: &str) -> Value {
    let body = json!({"name": "Maya", "email": email});
    client.post(&format!("/customers/{customer}/contacts"), body).expect(201)
}

#[test]
fn a_contact_needs_a_name_and_an_address() {
    let server = Server::start();
    let client = server.client();
    let customer = client.customer("Aurora");
    let customer_id = customer["id"].as_str().unwrap();
    let body = json!({"name": " Maya Lind ", "email": " Maya@Aurora.Example "});
    let reply = client.post(&format!("/customers/{customer_id}/contacts"), body);
    let contact = reply.expect(201);
    let id = contact["id"].as_str().unwrap();
    assert_eq!(reply.header("location"), Some(format!("/api/v1/contacts/{id}").as_str()));
    let created_at = &contact["created_at"];
    assert_eq!(
        contact,
        json!({
            "object": "contact", "id": id, "display_id": 1, "customer_id": customer_id,
            "name": "Maya Lind", "email": "maya@aurora.example", "title": null,
            "is_primary": false, "labels": [], "created_at": created_at, "updated_at": created_at,
        })
    );
    assert!(id.starts_with('c') && id.len() == 26 && id != customer_id, "{id}");
    for path in [format!("/contacts/{id}"), "/contacts/1".to_owned()] {
        assert_eq!(client.get(&path).expect(200), contact);
    }
}

#[test]
fn a_contact_is_created_with_all_of_its_properties() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let body = json!({
        "name": "Maya", "email": "maya@aurora.example", "title": "COO", "is_primary": true,
        "labels": ["billing", "it"],
    });
    let created = client.post("/customers/1/contacts", body.clone()).expect(201);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    assert_eq!(client.get("/contacts/1").expect(200), created);
}

#[test]
fn contacts_are_listed_by_customer_newest_first() {
    let server = Server::start();
    let client = server.client();
    let id = client.customer("Aurora")["id"].as_str().unwrap().to_owned();
    client.customer("Borealis");
    for path in ["/customers/1/contacts", "/customers/2/contacts"] {
        assert_eq!(
            client.get(path).body,
            r#"{"object":"list","data":[],"has_more":false,"next_cursor":null}"#
        );
    }
    let a = contact(&client, 1, "a@aurora.example");
    let b = contact(&client, 2, "b@aurora.example");
    let c = contact(&client, 1, "c@aurora.example");
    let d = contact(&client, 1, "d@aurora.example");
    assert_eq!((&b["display_id"], &d["display_id"]), (&json!(2), &json!(4)));
    client.delete("/contacts/3").expect(200);
    let a = client.patch("/contacts/1", json!({"name": a["name"], "title": "COO"})).expect(200);
    assert_ne!(c["id"], d["id"]);
    for customer in [id.as_str(), "1"] {
        let list = client.get(&format!("/customers/{customer}/contacts")).expect(200);
        let expected =
            json!({"object": "list", "data": [d, a], "has_more": false, "next_cursor": null});
        assert_eq!(list, expected);
    }
    assert_eq!(client.get("/customers/2/contacts").expect(200)["data"], json!([b]));
}

#[test]
fn a_contact_is_deleted_once_and_for_all() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    for (display_id, by_number) in [(1, false), (2, true)] {
        let contact = contact(&client, 1, "maya@aurora.example");
        let id = contact["id"].as_str().unwrap();
        let path = format!("/contacts/{}", if by_number { "2" } else { id });
        assert_eq!(client.get(&path).expect(200), contact);
        assert_eq!(client.patch(&path, json!({"title": "COO"})).expect(200)["title"], "COO");
        for _ in 0..2 {
            assert_eq!(
                client.delete(&path).expect(200),
                json!({"object": "deleted", "id": id, "display_id": display_id, "deleted": true})
            );
        }
        for named in [id, &display_id.to_string()] {
            let path = format!("/contacts/{named}");
            client.get(&path).refused(404, "contact_not_found", None);
            client.patch(&path, json!({"title": "x"})).refused(404, "contact_not_found", None);
        }
        assert_eq!(client.get("/customers/1/contacts").expect(200)["data"], json!([]));
    }
    assert_eq!(contact(&client, 1, "maya@aurora.example")["display_id"], 3);
}

#[test]
fn what_is_no_id_of_a_contact_is_not_found() {
    let server = Server::start();
    let client = server.client();
    let customer = client.customer("Aurora");
    contact(&client, 1, "maya@aurora.example");
    let unknown = format!("c{}", "0".repeat(25));
    let digits = "9".repeat(40);
    for named in ["0", "2", "maya", &unknown, &digits, customer["id"].as_str().unwrap()] {
        let path = format!("/contacts/{named}");
        client.get(&path).refused(404, "contact_not_found", None);
        client.patch(&path, json!({"title": "x"})).refused(404, "contact_not_found", None);
        client.delete(&path).refused(404, "contact_not_found", None);
    }
    let maya = json!({"name": "Maya", "email": "other@aurora.example"});
    for named in ["0", "2", "aurora", &unknown, &digits] {
        let path = format!("/customers/{named}/contacts");
        client.get(&path).refused(404, "customer_not_found", None);
        client.post(&path, maya.clone()).refused(404, "customer_not_found", None);
    }
}

#[test]
fn an_address_is_taken_once_per_customer() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.customer("Borealis");
    contact(&client, 1, "maya@aurora.example");
    contact(&client, 1, "omar@aurora.example");
    let twin = json!({"name": "Twin", "email": " MAYA@aurora.example"});
    client.post("/customers/1/contacts", twin.clone()).refused(409, "email_taken", "email");
    client.patch("/contacts/2", json!({"email": "Maya@Aurora.Example", "title": "x"})).refused(
        409,
        "email_taken",
        "email",
    );
    let untouched = client.get("/contacts/2").expect(200);
    assert_eq!(
        (&untouched["email"], &untouched["title"]),
        (&json!("omar@aurora.example"), &Value::Null)
    );
    // At another customer it is free, and its own address is no other's.
    assert_eq!(contact(&client, 2, "maya@aurora.example")["email"], "maya@aurora.example");
    client.patch("/contacts/1", json!({"email": "MAYA@aurora.example"})).expect(200);

    client.delete("/contacts/1").expect(200);
    let again = client.post("/customers/1/contacts", twin).expect(201);
    assert_eq!(again["email"], "maya@aurora.example");
    let path = format!("/contacts/{}", again["id"].as_str().unwrap());
    client.patch(&path, json!({"email": "new@aurora.example"})).expect(200);
    client.patch("/contacts/2", json!({"email": "maya@aurora.example"})).expect(200);
}

#[test]
fn of_those_who_take_an_address_at_once_one_gets_it() {
    let server = Server::start();
    server.client().customer("Aurora");
    let body = json!({"name": "Maya", "email": "maya@aurora.example"});
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let take = || server.client().post("/customers/1/contacts", body.clone()).status;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |status| statuses.iter().filter(|s| **s == status).count();
    assert_eq!((count(201), count(409)), (1, 7), "{statuses:?}");
}

#[test]
fn contacts_of_a_deleted_customer_can_still_be_changed_by_their_own_id() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let maya = contact(&client, 1, "maya@aurora.example");
    client.delete("/customers/1").expect(200);
    assert_eq!(client.get("/contacts/1").expect(200), maya);
    let patched = client.patch("/contacts/1", json!({"title": "COO"})).expect(200);
    assert_eq!((&patched["title"], &patched["customer_id"]), (&json!("COO"), &maya["customer_id"]));
    client.delete("/contacts/1").expect(200);
    client.get("/contacts/1").refused(404, "contact_not_found", None);
}
