//! Checks requests and responses against the OpenAPI document. The API client of these tests does
//! this for everything that it sends and receives.

mod request;
mod response;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

pub use self::request::Request;
use super::Response;

/// The published document. A test checks that it is the one that the server serves.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap());

pub struct Operation {
    pub id: &'static str,
    pub method: String,
    /// The path below the base path, with parameter names in braces.
    pub path: &'static str,
    pub definition: &'static Value,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(|(method, definition)| Operation {
            id: definition["operationId"].as_str().unwrap(),
            method: method.to_uppercase(),
            path,
            definition,
        })
    });
    all.collect()
});

pub fn operations() -> &'static [Operation] {
    &OPERATIONS
}

pub fn operation(id: &str) -> &'static Operation {
    operations().iter().find(|operation| operation.id == id).unwrap()
}

/// Resolves a `$ref` of the document. Returns any other value unchanged.
pub fn resolve(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Compiles a schema of the document.
pub fn validator(schema: &Value) -> Validator {
    // The schema refers to the components, so they must be part of the root.
    let mut root = Map::from_iter([("components".to_owned(), DOCUMENT["components"].clone())]);
    root.extend(schema.as_object().unwrap().clone());
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&Value::Object(root))
        .unwrap()
}

/// Lists the ways in which a value violates a schema of the document.
pub fn violations(schema: &'static Value, value: &Value) -> Vec<String> {
    static CACHE: LazyLock<Mutex<HashMap<usize, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    // The document is static, so the address of a schema identifies it.
    let address = std::ptr::from_ref(schema) as usize;
    let validator = {
        let mut cache = CACHE.lock().unwrap();
        Arc::clone(cache.entry(address).or_insert_with(|| Arc::new(validator(schema))))
    };
    let errors = validator.iter_errors(value);
    errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Checks that a request and its response match the document.
pub fn check(method: &str, request: &Request<'_>, response: &Response) {
    let Some(operation) = find_operation(method, request.path) else {
        let code = response.json()["error"]["code"].clone();
        let unknown = [json!("route_not_found"), json!("method_not_allowed")];
        let is_expected = unknown.contains(&code);
        assert!(is_expected, "{method} {} is not in the document: {response:?}", request.path);
        return;
    };
    response::check(operation, method, response);
    if method == operation.method {
        request::check(operation, request, response);
    }
}

fn find_operation(method: &str, path: &str) -> Option<&'static Operation> {
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
