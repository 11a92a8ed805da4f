//! Holds answers against the description of the API: every client of these tests does so with every
//! answer that it gets.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::Reply;

/// The document that clients are given; a test makes sure that it is what the server serves.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap());

/// An operation of the document.
pub struct Operation {
    pub id: &'static str,
    pub method: String,
    /// Its path below the base path, with names in braces.
    pub path: &'static str,
    pub described: &'static Value,
}

/// All of them.
pub fn operations() -> Vec<Operation> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(|(method, described)| Operation {
            id: described["operationId"].as_str().unwrap(),
            method: method.to_uppercase(),
            path,
            described,
        })
    });
    all.collect()
}

/// The operation with an id.
pub fn operation(id: &str) -> Operation {
    operations().into_iter().find(|operation| operation.id == id).unwrap()
}

/// What a `$ref` of the document leads to, or the value itself.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// A validator of a schema of the document.
pub fn validator(schema: &Value) -> Validator {
    // The references in it lead to the components, which stand beside it.
    let mut root = Map::from_iter([("components".to_owned(), DOCUMENT["components"].clone())]);
    root.extend(schema.as_object().unwrap().clone());
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&Value::Object(root))
        .unwrap()
}

/// What is wrong with a value, by a schema of the document.
pub fn faults(schema: &'static Value, value: &Value) -> Vec<String> {
    static KNOWN: LazyLock<Mutex<HashMap<usize, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    // The document stands still, so the place of a schema in memory names it.
    let place = std::ptr::from_ref(schema) as usize;
    let known = {
        let mut all = KNOWN.lock().unwrap();
        Arc::clone(all.entry(place).or_insert_with(|| Arc::new(validator(schema))))
    };
    known.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The answer is one that the operation is described to give: its status, its headers, its body.
pub fn check(method: &str, path: &str, reply: &Reply) {
    let Some(operation) = asked(method, path) else {
        let code = reply.json()["error"]["code"].clone();
        let unknown = [json!("route_not_found"), json!("method_not_allowed")];
        assert!(unknown.contains(&code), "{method} {path} is not described: {reply:?}");
        return;
    };
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

/// The operation that a request is for.
fn asked(method: &str, path: &str) -> Option<Operation> {
    let method = if method == "HEAD" { "GET" } else { method };
    let path = path.split('?').next()?;
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let matches = |template: &str| {
        let (parts, names) = (path.split('/'), template.split('/'));
        parts.clone().count() == names.clone().count()
            && parts
                .zip(names)
                .all(|(part, name)| part == name || name.starts_with('{') && !part.is_empty())
    };
    operations().into_iter().find(|one| one.method == method && matches(one.path))
}
