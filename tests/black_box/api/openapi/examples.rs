//! The examples of the description are what the server answers, but for ids and times: they tell
//! one story, which is played here.

use serde_json::Value;

use crate::support::Server;
use crate::support::contract::{Operation, operation, operations};

/// The operations in an order in which each of them finds what it needs, with what is to be added
/// to its path.
const STORY: [(&str, &str); 22] = [
    ("get-health", ""),
    ("openapi", ""),
    ("get-me", ""),
    ("create-customer", ""),
    ("get-customer", ""),
    ("list-customers", ""),
    ("list-customer-activity", "?type=customer.created"),
    ("list-events", "?type=customer.created"),
    ("update-customer", ""),
    ("create-customer-contact", ""),
    ("get-contact", ""),
    ("list-customer-contacts", ""),
    ("update-contact", ""),
    ("create-onboarding", ""),
    ("get-onboarding", ""),
    ("list-onboardings", ""),
    ("list-customer-onboardings", ""),
    ("update-onboarding", ""),
    ("list-onboarding-activity", "?type=onboarding.phase_changed"),
    ("delete-contact", ""),
    ("delete-onboarding", ""),
    ("delete-customer", ""),
];

/// A value in which everything that is new each time has the same name.
fn masked(value: &Value) -> Value {
    let hidden = |text: &str| {
        let is_time = text.len() == 24 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
        let is_id = text.len() == 26 && text.starts_with('c') && !text.contains(' ');
        let is_new = is_time || is_id || text.starts_with("evt_") || text.starts_with("pivotal_");
        is_new.then(|| "new".to_owned())
    };
    match value {
        Value::String(text) => hidden(text).unwrap_or_else(|| text.clone()).into(),
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(name, value)| (name.clone(), masked(value))).collect()
        }
        other => other.clone(),
    }
}

#[test]
fn every_operation_answers_what_its_example_shows() {
    let server = Server::start();
    let mut told: Vec<&str> = Vec::new();
    for (id, query) in STORY {
        let Operation { method, path, described, .. } = operation(id);
        let path = path.replace("{id}", "1").replace("{customerId}", "1") + query;
        let body = &described["requestBody"]["content"]["application/json"]["example"];
        let body = (!body.is_null()).then(|| body.to_string());
        let body = body.as_deref().map(str::as_bytes);
        let reply = server.client().send(method, &path, &[], body);
        let responses = described["responses"].as_object().unwrap();
        let (status, response) =
            responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
        let shown = reply.expect(status.parse().unwrap());
        let example = &response["content"]["application/json"]["example"];
        if id == "openapi" {
            assert_eq!(shown["openapi"], example["openapi"]);
            assert_eq!(shown["info"]["title"], example["info"]["title"]);
        } else {
            assert_eq!(masked(&shown), masked(example), "{id}");
        }
        told.push(id);
    }
    let all = operations();
    let missing: Vec<_> = all.iter().map(|one| one.id).filter(|id| !told.contains(id)).collect();
    assert_eq!(missing, [""; 0]);
}
