//! Rules that customers, contacts, and onboardings share. Each is checked for all three.

mod creation;
mod identity;
mod mistakes;

use serde_json::{Value, json};

use crate::api::rules::Rules;
use crate::support::{Response, Server};

/// One kind of resource, with the data that the shared rules need.
struct Resource {
    kind: &'static str,
    /// The path of the collection that contains it.
    collection: &'static str,
    rules: Rules,
    /// A resource created with the smallest body, except for its IDs and times.
    defaults: Value,
    /// Every writable field, with a value that is not its default.
    full: Value,
    /// The fields that null clears.
    nullable: &'static [&'static str],
    /// The fields that creation requires.
    required: &'static [&'static str],
    /// Read-only fields.
    foreign: Value,
    /// A field and a value that several resources can share.
    patch: Value,
    /// Invalid values for every field, in any order, and the errors for them in the expected order.
    wrong: Value,
    errors: Vec<(&'static str, &'static str)>,
}

impl Resource {
    /// A body that creates a resource, with unique values that depend on the number.
    fn smallest(&self, number: usize) -> Value {
        let mut body = self.rules.smallest.clone();
        if let Some(email) = body.get_mut("email") {
            *email = json!(format!("new-{number}@aurora.example"));
        }
        body
    }

    fn create(&self, number: usize) -> Value {
        self.rules.client.post(self.rules.create, self.smallest(number)).expect(201)
    }

    fn path(&self, id: &str) -> String {
        format!("{}/{id}", self.collection)
    }

    /// The path of the list of resources of the first customer.
    fn list(&self) -> &'static str {
        if self.kind == "onboarding" { "/customers/1/onboardings" } else { self.rules.create }
    }

    #[track_caller]
    fn not_found(&self, reply: &Response) {
        reply.refused(404, &format!("{}_not_found", self.kind), None);
    }
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

/// Creates one resource of each kind, with the display ID 1. Others can be added to the first
/// customer.
fn resources(server: &Server) -> [Resource; 3] {
    [customers(server), contacts(server), onboardings(server)]
}

fn customers(server: &Server) -> Resource {
    Resource {
        kind: "customer",
        collection: "/customers",
        rules: Rules::for_customers(server),
        defaults: json!({
            "name": "New", "slug": "new", "domain": null, "status": "onboarding", "plan": null,
            "mrr": null, "monthly_orders": null, "hubspot_company_id": null,
            "hubspot_deal_id": null, "stripe_customer_id": null, "intercom_company_id": null,
            "slack_channel_id": null, "tags": [], "metadata": {},
        }),
        full: json!({
            "name": "Borealis", "slug": "borealis-1", "domain": "borealis.example",
            "status": "at_risk", "plan": "Scale", "mrr": 129_900, "monthly_orders": 12,
            "hubspot_company_id": "h1", "hubspot_deal_id": "h2", "stripe_customer_id": "s1",
            "intercom_company_id": "i1", "slack_channel_id": "C1", "tags": ["a", "b"],
            "metadata": {"z": 1, "a": [2]},
        }),
        nullable: &[
            "domain",
            "plan",
            "mrr",
            "monthly_orders",
            "hubspot_company_id",
            "hubspot_deal_id",
            "stripe_customer_id",
            "intercom_company_id",
            "slack_channel_id",
        ],
        required: &["name"],
        foreign: json!({
            "id": "c0000000000000000000000000", "display_id": 77, "object": "contact",
            "created_at": "2020-01-01T00:00:00.000Z", "updated_at": "2020-01-01T00:00:00.000Z",
            "deleted_at": "2020-01-01T00:00:00.000Z", "workspace_no": 2, "nonsense": {"a": [null]},
        }),
        patch: json!({"plan": "Scale"}),
        wrong: json!({
            "metadata": [], "tags": ["", "ok", 3], "slack_channel_id": 1, "intercom_company_id": 1,
            "stripe_customer_id": 1, "hubspot_deal_id": 1, "hubspot_company_id": 1,
            "monthly_orders": -1, "mrr": 1.5, "plan": "x".repeat(101), "status": "new",
            "domain": "https://a.example", "slug": "No", "name": "",
        }),
        errors: vec![
            ("too_small", "name"),
            ("invalid_string", "slug"),
            ("invalid_string", "domain"),
            ("invalid_enum_value", "status"),
            ("too_big", "plan"),
            ("invalid_type", "mrr"),
            ("too_small", "monthly_orders"),
            ("invalid_type", "hubspot_company_id"),
            ("invalid_type", "hubspot_deal_id"),
            ("invalid_type", "stripe_customer_id"),
            ("invalid_type", "intercom_company_id"),
            ("invalid_type", "slack_channel_id"),
            ("too_small", "tags.0"),
            ("invalid_type", "tags.2"),
            ("invalid_type", "metadata"),
        ],
    }
}

fn contacts(server: &Server) -> Resource {
    let rules = Rules::for_contacts(server);
    let customer_id = rules.client.get("/customers/1").expect(200)["id"].clone();
    Resource {
        kind: "contact",
        collection: "/contacts",
        rules,
        defaults: json!({
            "customer_id": customer_id, "name": "New", "email": "new-0@aurora.example",
            "title": null, "is_primary": false, "labels": [],
        }),
        full: json!({
            "name": "Maya", "email": "maya@aurora.example", "title": "COO", "is_primary": true,
            "labels": ["billing", "it"],
        }),
        nullable: &["title"],
        required: &["name", "email"],
        foreign: json!({
            "id": "c0000000000000000000000000", "display_id": 77, "object": "customer",
            "customer_id": "c0000000000000000000000000", "created_at": "2020-01-01T00:00:00.000Z",
            "updated_at": "2020-01-01T00:00:00.000Z", "deleted_at": "2020-01-01", "tags": ["x"],
        }),
        patch: json!({"title": "COO"}),
        wrong: json!({
            "labels": [1], "is_primary": 1, "title": 1, "email": "maya", "name": "\0",
        }),
        errors: vec![
            ("invalid_string", "name"),
            ("invalid_string", "email"),
            ("invalid_type", "title"),
            ("invalid_type", "is_primary"),
            ("invalid_type", "labels.0"),
        ],
    }
}

fn onboardings(server: &Server) -> Resource {
    let rules = Rules::for_onboardings(server);
    let customer_id = rules.client.get("/customers/1").expect(200)["id"].clone();
    Resource {
        kind: "onboarding",
        collection: "/onboardings",
        rules,
        defaults: json!({
            "customer_id": customer_id, "name": null, "template_id": null,
            "phase": "before_getting_started", "state": "active", "waiting_on_customer": false,
            "started_at": null, "completed_at": null, "target_launch_date": null, "csm_id": null,
            "se_id": null, "designer_id": null, "product_ops_id": null, "notes": null,
            "reminders_enabled": true, "reminder_frequency_days": 1,
        }),
        full: json!({
            "name": "Rollout", "template_id": "t1", "phase": "completed", "state": "waiting",
            "waiting_on_customer": true, "started_at": "2026-05-01T08:00:00.123Z",
            "completed_at": "2026-07-01T00:00:00.000Z",
            "target_launch_date": "2026-06-15T00:00:00.000Z", "csm_id": "u1", "se_id": "u2",
            "designer_id": "u3", "product_ops_id": "u4", "notes": "A\nB",
            "reminders_enabled": false, "reminder_frequency_days": 7,
        }),
        nullable: &[
            "name",
            "template_id",
            "notes",
            "started_at",
            "completed_at",
            "target_launch_date",
            "csm_id",
            "se_id",
            "designer_id",
            "product_ops_id",
        ],
        required: &["customer_id"],
        foreign: json!({
            "id": "c0000000000000000000000000", "display_id": 77, "object": "customer",
            "created_at": "2020-01-01T00:00:00.000Z", "updated_at": "2020-01-01T00:00:00.000Z",
            "deleted_at": "2020-01-01", "customer_deleted_at": "2020-01-01", "tags": ["x"],
        }),
        patch: json!({"notes": "x"}),
        wrong: json!({
            "reminder_frequency_days": 0, "reminders_enabled": 1, "notes": 1, "product_ops_id": 1,
            "designer_id": 1, "se_id": 1, "csm_id": 1, "target_launch_date": "x",
            "completed_at": "x", "started_at": "x", "waiting_on_customer": 1, "state": "x",
            "phase": "x", "template_id": 1, "name": "x".repeat(256),
        }),
        errors: vec![
            ("too_big", "name"),
            ("invalid_type", "template_id"),
            ("invalid_enum_value", "phase"),
            ("invalid_enum_value", "state"),
            ("invalid_type", "waiting_on_customer"),
            ("invalid_string", "started_at"),
            ("invalid_string", "completed_at"),
            ("invalid_string", "target_launch_date"),
            ("invalid_type", "csm_id"),
            ("invalid_type", "se_id"),
            ("invalid_type", "designer_id"),
            ("invalid_type", "product_ops_id"),
            ("invalid_type", "notes"),
            ("invalid_type", "reminders_enabled"),
            ("too_small", "reminder_frequency_days"),
        ],
    }
}
