//! `/customers/{id}/contacts` and `/contacts`

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// Creates a contact with this email for the customer with this display ID.
fn contact(client: &Client, customer: i64, email: &str) -> Value {
    let body = json!({"name": "Maya", "email": email});
    client.post(&format!("/customers/{customer}/contacts"), body).expect(201)
}

#[test]
fn an_email_is_unique_within_a_customer() {
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
    // Another customer can have it, and a contact can keep its own.
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
fn contacts_of_a_deleted_customer_can_still_be_updated_by_their_own_id() {
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
