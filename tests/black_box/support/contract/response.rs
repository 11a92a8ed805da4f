//! Holds responses against the description of the API.

use serde_json::Value;

use super::{DOCUMENT, Operation, faults, resolved};
use crate::support::Reply;

/// The response is one that the operation is described to give: its status, its headers, its body.
pub fn check(operation: &Operation, method: &str, reply: &Reply) {
    let what = format!("{} answered {}: {}", operation.id, reply.status, reply.body);
    let response = &operation.described["responses"][reply.status.to_string()];
    assert!(response.is_object(), "this status is not described: {what}");
    let response = resolved(response);
    for (name, _) in &reply.headers {
        let described = response["headers"].as_object().unwrap();
        let own = name.as_str().starts_with("x-") || name == "location" || name == "retry-after";
        assert!(
            !own || described.keys().any(|known| known.eq_ignore_ascii_case(name.as_str())),
            "the header {name} is not described: {what}"
        );
    }
    if method == "HEAD" {
        return;
    }
    let content = &response["content"]["application/json"];
    if content.is_null() {
        assert_eq!(reply.body, "", "{what}");
        return;
    }
    assert_eq!(reply.header("content-type"), Some("application/json"), "{what}");
    let body = reply.json();
    assert_eq!(faults(&content["schema"], &body), [""; 0], "{what}");
    // The document has what OpenAPI says that it has.
    if operation.id != "openapi" {
        assert_eq!(undescribed(&content["schema"], &body), [""; 0], "{what}");
    }
    if reply.status >= 400 {
        let error = &body["error"];
        let told = content["examples"].get(error["code"].as_str().unwrap());
        let told = told.unwrap_or_else(|| panic!("this code is not described: {what}"));
        assert_eq!(told["value"]["error"]["type"], error["type"], "{what}");
    }
}

/// The properties that a value has and its schema does not tell of. Schemas allow them, since
/// properties may be added; the tests do not.
fn undescribed(schema: &'static Value, value: &Value) -> Vec<String> {
    let schema = resolved(schema);
    if std::ptr::eq(schema, &DOCUMENT["components"]["schemas"]["EventResource"]) {
        let kind = value["object"].as_str().unwrap();
        let name = format!("{}{}", kind[..1].to_uppercase(), &kind[1..]);
        return undescribed(&DOCUMENT["components"]["schemas"][name], value);
    }
    match value {
        Value::Array(items) => {
            items.iter().flat_map(|item| undescribed(&schema["items"], item)).collect()
        }
        Value::Object(entries) => {
            let Some(described) = schema["properties"].as_object() else { return Vec::new() };
            let inner = entries.iter().flat_map(|(name, value)| match described.get(name) {
                Some(schema) => undescribed(schema, value),
                None => vec![name.clone()],
            });
            inner.collect()
        }
        _ => Vec::new(),
    }
}
