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
