//! The bodies of POST requests that create an exported object again.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::model::contact::NewContact;
use crate::model::customer::NewCustomer;
use crate::model::onboarding::NewOnboarding;
use crate::model::transfer::known_fields;
use crate::transfer::remote::kind::Kind;

/// Knows which fields a POST accepts.
pub(super) struct Bodies([HashSet<String>; 3]);

impl Default for Bodies {
    fn default() -> Self {
        Self(Kind::ALL.map(|kind| match kind {
            Kind::Customer => known_fields::<NewCustomer>(),
            Kind::Contact => known_fields::<NewContact>(),
            Kind::Onboarding => known_fields::<NewOnboarding>(),
        }))
    }
}

impl Bodies {
    /// Returns the body that creates an object. Null is the default of the fields that can be null,
    /// so it is only sent for times that the server would set itself. `customer` is the ID of the
    /// onboarding's customer on the other server.
    pub fn body(
        &self,
        kind: Kind,
        object: &Map<String, Value>,
        customer: Option<&str>,
    ) -> Map<String, Value> {
        let fields = &self.0[kind as usize];
        let phase = object.get("phase").and_then(Value::as_str);
        let mut body = Map::new();
        for (name, value) in object.iter().filter(|(name, _)| fields.contains(*name)) {
            let value = match (&**name, customer) {
                ("customer_id", Some(customer)) => Value::from(customer),
                _ => value.clone(),
            };
            let is_set_by_server = match &**name {
                "started_at" => phase != Some("before_getting_started"),
                "completed_at" => phase == Some("completed"),
                _ => false,
            };
            if !value.is_null() || is_set_by_server {
                body.insert(name.clone(), value);
            }
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(kind: Kind, object: Value) -> Value {
        let customer = (kind == Kind::Onboarding).then_some("cnew");
        Value::Object(Bodies::default().body(kind, object.as_object().unwrap(), customer))
    }

    #[test]
    fn only_what_a_post_accepts_is_sent() {
        let customer = json!({
            "object": "customer", "id": "c1", "display_id": 1, "name": "Aurora", "slug": "aurora",
            "domain": null, "status": "churned", "tags": [], "metadata": {"a": 1},
            "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
        });
        let expected = json!({
            "name": "Aurora", "slug": "aurora", "status": "churned", "tags": [], "metadata": {"a": 1},
        });
        assert_eq!(body(Kind::Customer, customer), expected);
        let contact = json!({
            "object": "contact", "id": "c2", "customer_id": "c1", "name": "Ada",
            "email": "ada@example.com", "title": null, "is_primary": true, "labels": ["x"],
        });
        let expected = json!({
            "name": "Ada", "email": "ada@example.com", "is_primary": true, "labels": ["x"],
        });
        assert_eq!(body(Kind::Contact, contact), expected);
    }

    #[test]
    fn an_onboarding_gets_the_customers_new_id() {
        let onboarding = json!({"customer_id": "cold", "state": "waiting", "name": null,
            "waiting_on_customer": true});
        let expected =
            json!({"customer_id": "cnew", "state": "waiting", "waiting_on_customer": true});
        assert_eq!(body(Kind::Onboarding, onboarding), expected);
    }

    #[test]
    fn times_that_the_server_would_set_are_sent_even_if_they_are_null() {
        for (phase, expected) in [
            ("before_getting_started", json!([])),
            ("launch", json!(["started_at"])),
            ("completed", json!(["started_at", "completed_at"])),
        ] {
            let sent = body(
                Kind::Onboarding,
                json!({"phase": phase, "started_at": null, "completed_at": null}),
            );
            let nulls = sent.as_object().unwrap().iter().filter(|(_, value)| value.is_null());
            assert_eq!(Value::from_iter(nulls.map(|(name, _)| name.as_str())), expected, "{phase}");
        }
    }
}
