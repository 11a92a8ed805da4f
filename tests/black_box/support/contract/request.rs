//! Holds requests against the description of the API: what the server accepts is what the document
//! allows, and what it refuses is what the document forbids.

use serde_json::Value;

use super::{Operation, faults, resolved};
use crate::support::Reply;

/// A request as it was sent.
pub struct Sent<'r> {
    pub path: &'r str,
    pub headers: &'r [(&'r str, &'r str)],
    pub body: Option<&'r [u8]>,
}

/// Whether the response to a request is the one that the document promises for such a request.
pub fn check(operation: &Operation, sent: &Sent<'_>, reply: &Reply) {
    let errors = match reply.status {
        400 => errors(reply),
        200..300 => Vec::new(),
        _ => return,
    };
    let parameters = operation.described["parameters"].as_array().into_iter().flatten();
    for parameter in parameters.map(resolved) {
        match parameter["in"].as_str().unwrap() {
            "path" => check_path(operation, parameter, sent, reply),
            "query" => check_query(operation, parameter, sent, &errors),
            "header" => check_header(operation, parameter, sent, &errors),
            other => panic!("there are no parameters in {other}"),
        }
    }
    let body = &operation.described["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        check_body(operation, body, sent, reply, &errors);
    }
}

/// The code and the field of every error in a response.
fn errors(reply: &Reply) -> Vec<(String, String)> {
    let error = reply.json()["error"].clone();
    let all = error["errors"].as_array().cloned().unwrap_or_else(|| vec![error.clone()]);
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    all.iter().map(|error| (text(error, "code"), text(error, "field"))).collect()
}

fn is_valid(schema: &'static Value, value: &Value) -> bool {
    faults(schema, value).is_empty()
}

/// Only an id of the described form finds something.
fn check_path(operation: &Operation, parameter: &'static Value, sent: &Sent<'_>, reply: &Reply) {
    if reply.status == 400 {
        return;
    }
    let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
    let path = sent.path.split('?').next().unwrap();
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let place = operation.path.split('/').position(|part| part == name).unwrap();
    let value = path.split('/').nth(place).unwrap();
    let found = is_valid(&parameter["schema"], &Value::from(value));
    assert!(found, "{} finds {value}, which the document does not allow", operation.id);
}

/// A parameter of the query is refused exactly when the document does not allow its value.
fn check_query(
    operation: &Operation,
    parameter: &'static Value,
    sent: &Sent<'_>,
    errors: &[(String, String)],
) {
    let name = parameter["name"].as_str().unwrap();
    let query = sent.path.split_once('?').map_or("", |(_, query)| query);
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let values: Vec<_> = pairs.filter(|(other, _)| other == name).map(|(_, value)| value).collect();
    let schema = &parameter["schema"];
    let is_refused = errors.iter().any(|(_, field)| field == name);
    if resolved(schema)["type"] == "array" {
        let value = values.iter().map(|text| Value::from(&**text)).collect();
        let what = format!("{} {name}={values:?}: {errors:?}", operation.id);
        assert_eq!(is_refused, !is_valid(schema, &value), "{what}");
        return;
    }
    let [text] = &values[..] else { return };
    let is_number = text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<i64>().ok().filter(|_| is_number);
    let value = match resolved(schema)["type"].as_str() {
        Some("integer") => number.map_or_else(|| Value::from(&**text), Value::from),
        _ => Value::from(&**text),
    };
    // A pattern does not know how many days a month has.
    if ["cursor", "after"].contains(&name) && text.contains("-02-") {
        return;
    }
    // Nor which events there are, nor what else was sent.
    if name == "after" && is_refused && (text.starts_with("evt_") || query.contains("cursor=")) {
        return;
    }
    let what = format!("{} {name}={text:?}: {errors:?}", operation.id);
    assert_eq!(is_refused, !is_valid(schema, &value), "{what}");
}

/// A header is refused exactly when the document does not allow its value.
fn check_header(
    operation: &Operation,
    parameter: &'static Value,
    sent: &Sent<'_>,
    errors: &[(String, String)],
) {
    let name = parameter["name"].as_str().unwrap();
    let values = sent.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    for (_, value) in values {
        let is_refused = errors.iter().any(|(_, field)| field == name);
        let is_valid = is_valid(&parameter["schema"], &Value::from(*value));
        assert_eq!(is_refused, !is_valid, "{} {name}: {value:?}", operation.id);
    }
}

fn check_body(
    operation: &Operation,
    schema: &'static Value,
    sent: &Sent<'_>,
    reply: &Reply,
    errors: &[(String, String)],
) {
    let bytes = sent.body.unwrap_or_default();
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let what = || format!("{}: {} answered with {}", operation.id, show(bytes), reply.body);
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else {
        assert_eq!(reply.status, 400, "{}", what());
        return;
    };
    let properties = resolved(schema)["properties"].as_object().unwrap();
    let is_allowed = |name: &str| is_valid(&properties[name], &body[name]);
    if reply.status < 300 {
        // Values are trimmed, and some are lowercased, before they are looked at: what is accepted
        // and comes back changed may be more than the schema allows. Nor can it say that an
        // invisible joiner is legal in a host name where its neighbors join.
        let shown = reply.json();
        let may_differ = |name: &String| {
            let is_joined = body[name].as_str().is_some_and(|text| text.contains('\u{200c}'));
            shown[name] != body[name] || is_joined
        };
        let known = body.as_object().unwrap().keys().filter(|name| properties.contains_key(*name));
        let tolerated = known.filter(|name| !is_allowed(name) && may_differ(name)).count();
        let found = faults(schema, &body);
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
                let mut required = resolved(schema)["required"].as_array().into_iter().flatten();
                required.any(|required| required == name) && body.get(name).is_none()
            }
            // No schema says that one of the properties has to be known.
            "empty_patch" => !properties.keys().any(|name| body.get(name).is_some()),
            _ if !properties.contains_key(name) => continue,
            _ => !is_allowed(name) || cannot_be_described(code, &body[name]),
        };
        assert!(is_forbidden, "{}, though the document allows {code} at {field}", what());
    }
}

/// Whether a value is refused for a reason for which JSON Schema has no words.
fn cannot_be_described(code: &str, value: &Value) -> bool {
    match value {
        // The size and the depth of metadata.
        Value::Object(_) => code == "too_big",
        // An offset can carry the first and the last hours out of the years that there are, and
        // no pattern reaches beyond the first 65,536 characters.
        Value::String(text) => {
            text.starts_with("0001-01-01")
                || text.starts_with("9999-12-31")
                || text.contains(|letter| letter > '\u{ffff}')
        }
        Value::Array(items) => items.iter().any(|item| cannot_be_described(code, item)),
        _ => false,
    }
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(300).collect()
}
