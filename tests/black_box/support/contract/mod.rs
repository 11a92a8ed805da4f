//! Holds requests and responses against the description of the API: every client of these tests
//! does so with everything that it sends and gets.

mod request;
mod response;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

pub use self::request::Sent;
use super::Reply;

/// The document that clients are given; a test makes sure that it is what the server serves.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap());

/// An operation of the document.
pub struct Operation {
    pub id: &'static str,
    pub method: String,
    /// Its path below the base path, with names in braces.
    pub path: &'static str,
    pub described: &'static Value,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
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
});

/// All operations of the document.
pub fn operations() -> &'static [Operation] {
    &OPERATIONS
}

/// The operation with an id.
pub fn operation(id: &str) -> &'static Operation {
    operations().iter().find(|operation| operation.id == id).unwrap()
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

/// The request and its response are as the document describes them.
pub fn check(method: &str, sent: &Sent<'_>, reply: &Reply) {
    let Some(operation) = asked(method, sent.path) else {
        let code = reply.json()["error"]["code"].clone();
        let unknown = [json!("route_not_found"), json!("method_not_allowed")];
        assert!(unknown.contains(&code), "{method} {} is not described: {reply:?}", sent.path);
        return;
    };
    response::check(operation, method, reply);
    if method == operation.method {
        request::check(operation, sent, reply);
    }
}

/// The operation that a request is for.
fn asked(method: &str, path: &str) -> Option<&'static Operation> {
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
    operations().iter().find(|one| one.method == method && matches(one.path))
}
