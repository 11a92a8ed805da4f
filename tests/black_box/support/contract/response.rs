//! Checks responses against the OpenAPI document.

use serde_json::Value;

use super::{DOCUMENT, Operation, resolve, violations};
use crate::support::Response;

/// Checks that the document contains the status, the headers, and the body of a response.
pub fn check(operation: &Operation, method: &str, response: &Response) {
    let what = format!("{} returned {}: {}", operation.id, response.status, response.body);
    let definition = &operation.definition["responses"][response.status.to_string()];
    assert!(definition.is_object(), "this status is not in the document: {what}");
    let definition = resolve(definition);
    for (name, _) in &response.headers {
        let headers = definition["headers"].as_object().unwrap();
        let own = name.as_str().starts_with("x-") || name == "location" || name == "retry-after";
        assert!(
            !own || headers.keys().any(|known| known.eq_ignore_ascii_case(name.as_str())),
            "the header {name} is not in the document: {what}"
        );
    }
    if method == "HEAD" {
        return;
    }
    let content = &definition["content"]["application/json"];
    if content.is_null() {
        assert_eq!(response.body, "", "{what}");
        return;
    }
    assert_eq!(response.header("content-type"), Some("application/json"), "{what}");
    let body = response.json();
    assert_eq!(violations(&content["schema"], &body), [""; 0], "{what}");
    // The OpenAPI specification defines the fields of the document itself.
    if operation.id != "openapi" {
        assert_eq!(unknown_fields(&content["schema"], &body), [""; 0], "{what}");
    }
    if response.status >= 400 {
        let error = &body["error"];
        let example = content["examples"].get(error["code"].as_str().unwrap());
        let example = example.unwrap_or_else(|| panic!("this code is not in the document: {what}"));
        assert_eq!(example["value"]["error"]["type"], error["type"], "{what}");
    }
}

/// Lists the fields of a value that its schema doesn't mention. Schemas allow such fields, because
/// fields may be added; the tests don't.
fn unknown_fields(schema: &'static Value, value: &Value) -> Vec<String> {
    let schema = resolve(schema);
    if std::ptr::eq(schema, &DOCUMENT["components"]["schemas"]["EventResource"]) {
        let kind = value["object"].as_str().unwrap();
        let name = format!("{}{}", kind[..1].to_uppercase(), &kind[1..]);
        return unknown_fields(&DOCUMENT["components"]["schemas"][name], value);
    }
    match value {
        Value::Array(items) => {
            items.iter().flat_map(|item| unknown_fields(&schema["items"], item)).collect()
        }
        Value::Object(entries) => {
            let Some(described) = schema["properties"].as_object() else { return Vec::new() };
            let inner = entries.iter().flat_map(|(name, value)| match described.get(name) {
                Some(schema) => unknown_fields(schema, value),
                None => vec![name.clone()],
            });
            inner.collect()
        }
        _ => Vec::new(),
    }
}
