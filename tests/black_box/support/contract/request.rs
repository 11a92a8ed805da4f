//! Checks requests against the OpenAPI document: the server must accept exactly what the document
//! allows.

use serde_json::Value;

use super::{Operation, resolve, violations};
use crate::support::Response;

pub struct Request<'r> {
    pub path: &'r str,
    pub headers: &'r [(&'r str, &'r str)],
    pub body: Option<&'r [u8]>,
}

/// Checks that the server accepts or refuses a request as the document says.
pub fn check(operation: &Operation, request: &Request<'_>, response: &Response) {
    let errors = match response.status {
        400 => errors(response),
        200..300 => Vec::new(),
        _ => return,
    };
    let parameters = operation.definition["parameters"].as_array().into_iter().flatten();
    for parameter in parameters.map(resolve) {
        match parameter["in"].as_str().unwrap() {
            "path" => check_path(operation, parameter, request, response),
            "query" => check_query(operation, parameter, request, &errors),
            "header" => check_header(operation, parameter, request, &errors),
            other => panic!("parameters in {other} are not supported"),
        }
    }
    let body = &operation.definition["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        check_body(operation, body, request, response, &errors);
    }
}

/// Returns the code and the field of every error in a response.
fn errors(response: &Response) -> Vec<(String, String)> {
    let error = response.json()["error"].clone();
    let all = error["errors"].as_array().cloned().unwrap_or_else(|| vec![error.clone()]);
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    all.iter().map(|error| (text(error, "code"), text(error, "field"))).collect()
}

fn is_valid(schema: &'static Value, value: &Value) -> bool {
    violations(schema, value).is_empty()
}

/// Checks that an ID which finds a resource has the documented form.
fn check_path(
    operation: &Operation,
    parameter: &'static Value,
    request: &Request<'_>,
    response: &Response,
) {
    if response.status == 400 {
        return;
    }
    let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
    let path = request.path.split('?').next().unwrap();
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let place = operation.path.split('/').position(|part| part == name).unwrap();
    let value = path.split('/').nth(place).unwrap();
    let found = is_valid(&parameter["schema"], &Value::from(value));
    assert!(found, "{} accepts {value}, which the document does not allow", operation.id);
}

/// Checks that a query parameter is refused exactly if the document does not allow its value.
fn check_query(
    operation: &Operation,
    parameter: &'static Value,
    request: &Request<'_>,
    errors: &[(String, String)],
) {
    let name = parameter["name"].as_str().unwrap();
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let values: Vec<_> = pairs.filter(|(other, _)| other == name).map(|(_, value)| value).collect();
    let schema = &parameter["schema"];
    let is_refused = errors.iter().any(|(_, field)| field == name);
    if resolve(schema)["type"] == "array" {
        let value = values.iter().map(|text| Value::from(&**text)).collect();
        let what = format!("{} {name}={values:?}: {errors:?}", operation.id);
        assert_eq!(is_refused, !is_valid(schema, &value), "{what}");
        return;
    }
    let [text] = &values[..] else { return };
    let is_number = text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<i64>().ok().filter(|_| is_number);
    let value = match resolve(schema)["type"].as_str() {
        Some("integer") => number.map_or_else(|| Value::from(&**text), Value::from),
        _ => Value::from(&**text),
    };
    // A pattern can't express how many days a month has.
    if ["cursor", "after"].contains(&name) && text.contains("-02-") {
        return;
    }
    if name == "after" && is_refused && (text.starts_with("evt_") || query.contains("cursor=")) {
        return;
    }
    let what = format!("{} {name}={text:?}: {errors:?}", operation.id);
    assert_eq!(is_refused, !is_valid(schema, &value), "{what}");
}

/// Checks that a header is refused exactly if the document does not allow its value.
fn check_header(
    operation: &Operation,
    parameter: &'static Value,
    request: &Request<'_>,
    errors: &[(String, String)],
) {
    let name = parameter["name"].as_str().unwrap();
    let values = request.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    for (_, value) in values {
        let is_refused = errors.iter().any(|(_, field)| field == name);
        let is_valid = is_valid(&parameter["schema"], &Value::from(*value));
        assert_eq!(is_refused, !is_valid, "{} {name}: {value:?}", operation.id);
    }
}

fn check_body(
    operation: &Operation,
    schema: &'static Value,
    request: &Request<'_>,
    response: &Response,
    errors: &[(String, String)],
) {
    let bytes = request.body.unwrap_or_default();
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let what = || format!("{}: {} returned {}", operation.id, excerpt(bytes), response.body);
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else {
        assert_eq!(response.status, 400, "{}", what());
        return;
    };
    let properties = resolve(schema)["properties"].as_object().unwrap();
    let is_allowed = |name: &str| is_valid(&properties[name], &body[name]);
    if response.status < 300 {
        // Values are trimmed, and some are lowercased, before they are checked: a value that comes
        // back changed may be accepted although the schema doesn't allow it. Nor can the schema
        // express that an invisible joiner is legal in a host name between certain letters.
        let shown = response.json();
        let may_differ = |name: &String| {
            let is_joined = body[name].as_str().is_some_and(|text| text.contains('\u{200c}'));
            shown[name] != body[name] || is_joined
        };
        let known = body.as_object().unwrap().keys().filter(|name| properties.contains_key(*name));
        let tolerated = known.filter(|name| !is_allowed(name) && may_differ(name)).count();
        let found = violations(schema, &body);
        assert!(found.len() <= tolerated, "{}, but {found:?}", what());
        return;
    }
    for (code, field) in errors {
        let name = field.split('.').next().unwrap();
        let is_forbidden = match code.as_str() {
            "invalid_json" => panic!("{}", what()),
            "invalid_body" => !is_valid(schema, &body),
            "conflicting_fields" => !is_valid(schema, &body),
            "missing_field" => {
                let mut required = resolve(schema)["required"].as_array().into_iter().flatten();
                required.any(|required| required == name) && body.get(name).is_none()
            }
            // A schema can't express that at least one of the fields must be known.
            "empty_patch" => !properties.keys().any(|name| body.get(name).is_some()),
            _ if !properties.contains_key(name) => continue,
            _ => !is_allowed(name) || cannot_be_expressed(code, &body[name]),
        };
        assert!(
            is_forbidden,
            "{}: {code} at {field}, although the document allows the value",
            what()
        );
    }
}

/// Whether a value is refused for a reason that JSON Schema can't express.
fn cannot_be_expressed(code: &str, value: &Value) -> bool {
    match value {
        // Size and depth of metadata.
        Value::Object(_) => code == "too_big",
        // An offset can move the first and the last hours out of the range of years, and patterns
        // only cover the first 65,536 characters.
        Value::String(text) => {
            text.starts_with("0001-01-01")
                || text.starts_with("9999-12-31")
                || text.contains(|letter| letter > '\u{ffff}')
        }
        Value::Array(items) => items.iter().any(|item| cannot_be_expressed(code, item)),
        _ => false,
    }
}

fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(300).collect()
}
