//! What the description says of properties and parameters is what the server does with them: for
//! values on both sides of every limit, the server takes exactly those that the schema allows.

use serde_json::{Value, json};

use crate::support::contract::{operation, resolved, validator};
use crate::support::{Client, Server};

/// Values of every type, and on both sides of whatever limits a schema has.
fn values(schema: &Value) -> Vec<Value> {
    let mut all = vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(9_007_199_254_740_991_i64),
        json!(9_007_199_254_740_992_i64),
        json!([]),
        json!([""]),
        json!([1]),
        json!({}),
        json!({"k": [1, null, {"deep": "\0"}]}),
    ];
    all.extend(texts(schema).into_iter().map(Value::from));
    let (min, max) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
    all.extend(min.into_iter().flat_map(|n| [n - 1, n, n + 1]).map(Value::from));
    all.extend(max.into_iter().flat_map(|n| [n - 1, n, n + 1]).map(Value::from));
    if let Some(max) = schema["maxItems"].as_u64() {
        for length in [max, max + 1] {
            all.push((0..length).map(|n| format!("item {n}")).collect());
        }
        let inner = values(&schema["items"]);
        all.extend(inner.into_iter().map(|item| json!([item])));
    }
    all
}

/// Strings for a schema. None of them begins or ends with white space, unless it has nothing else:
/// that would be taken off before it is looked at, which no schema can say.
fn texts(schema: &Value) -> Vec<String> {
    let mut all: Vec<String> = [
        "",
        " ",
        "\u{85}",
        "\u{3000}\t",
        "\0",
        "a\0b",
        "a",
        "A",
        "a-b",
        "-a",
        "a--b",
        "two words",
        "ä",
        "😀",
        "007",
        "unknown",
        "aurora.example",
        "münchen.example",
        "a..example",
        "-a.example",
        "a_b.example",
        "https://aurora.example",
        "maya@aurora.example",
        "maya@aurora@example",
        "maya.aurora.example",
        "@aurora.example",
        "ma ya@aurora.example",
        "2026-06-15",
        "2026-02-29",
        "2028-02-29",
        "0000-01-01",
        "0001-01-01",
        "9999-12-31",
        "2026-06-15T12:30:00Z",
        "2026-06-15T12:30:00.123456+02:00",
        "2026-06-15T12:30:00",
        "2026-06-15T25:00:00Z",
        "0000-06-15T12:30:00Z",
        "10000-06-15T12:30:00Z",
    ]
    .map(str::to_owned)
    .into();
    let names = schema["enum"].as_array().into_iter().flatten();
    all.extend(names.map(|name| name.as_str().unwrap().to_owned()));
    for limit in [schema["minLength"].as_u64(), schema["maxLength"].as_u64()].into_iter().flatten()
    {
        for length in [limit.saturating_sub(1), limit, limit + 1].map(|n| n as usize) {
            all.extend(["a", "é", "😀"].map(|letter| letter.repeat(length)));
            if length > 4 {
                all.push(host(length));
                all.push(format!("m@{}", host(length - 2)));
            }
        }
    }
    all
}

/// A dotted host name of this length.
fn host(length: usize) -> String {
    let mut name = "a".repeat(length);
    for dot in (1..length - 1).rev().step_by(50) {
        name.replace_range(dot..=dot, ".");
    }
    name.replace("..", "a.")
}

/// The schema itself, and those of which it allows one.
fn alternatives(schema: &'static Value) -> Vec<&'static Value> {
    let all = schema["anyOf"].as_array().into_iter().flatten();
    std::iter::once(schema).chain(all).map(resolved).collect()
}

/// An operation that takes a body, and a body with which it is answered.
struct Target<'c> {
    client: &'c Client,
    operation: &'static str,
    path: String,
    smallest: fn(usize) -> Value,
}

impl Target<'_> {
    fn hold(&self) {
        let described = operation(self.operation);
        let content = &described.described["requestBody"]["content"]["application/json"];
        let body = resolved(&content["schema"]);
        let send = |body: &Value| {
            let text = body.to_string();
            self.client.send(&described.method, &self.path, &[], Some(text.as_bytes()))
        };
        let mut tried = 0;
        for (name, schema) in body["properties"].as_object().unwrap() {
            let allowed = validator(schema);
            let mut all: Vec<Value> = alternatives(schema).into_iter().flat_map(values).collect();
            all.sort_by_key(ToString::to_string);
            all.dedup();
            for value in all {
                tried += 1;
                let mut body = (self.smallest)(tried);
                body[name] = value.clone();
                let reply = send(&body);
                let shown: String = value.to_string().chars().take(300).collect();
                let what = format!("{} {name}: {shown}: {}", self.operation, reply.body);
                assert_eq!(reply.status != 400, allowed.is_valid(&value), "{what}");
                if reply.status == 400 {
                    let field = reply.json()["error"]["field"].as_str().unwrap().to_owned();
                    assert!(field == *name || field.starts_with(&format!("{name}.")), "{what}");
                }
            }
        }
        for name in body["required"].as_array().into_iter().flatten() {
            let mut body = (self.smallest)(0);
            body.as_object_mut().unwrap().remove(name.as_str().unwrap());
            send(&body).refused(400, "missing_field", name.as_str());
        }
        if body["minProperties"] == 1 {
            send(&json!({})).refused(400, "empty_patch", None);
        }
        let wrong = [json!([]), json!(null), json!("x"), json!(1), json!(true)];
        for body in wrong {
            send(&body).refused(400, "invalid_body", None);
        }
    }
}

fn hold(operation: &'static str, path: &str, smallest: fn(usize) -> Value) {
    let server = Server::start();
    let client = &server.client();
    client.customer("Aurora Shipping");
    let contact = json!({"name": "Maya Lind", "email": "first@aurora.example"});
    client.post("/customers/1/contacts", contact).expect(201);
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    Target { client, operation, path: path.to_owned(), smallest }.hold();
}

#[test]
fn a_new_customer_is_taken_as_it_is_described() {
    hold("create-customer", "/customers", |_| json!({"name": "Aurora"}));
}

#[test]
fn a_change_of_a_customer_is_taken_as_it_is_described() {
    hold("update-customer", "/customers/1", |_| json!({}));
}

#[test]
fn a_new_contact_is_taken_as_it_is_described() {
    hold(
        "create-customer-contact",
        "/customers/1/contacts",
        |n| json!({"name": "Maya", "email": format!("maya-{n}@aurora.example")}),
    );
}

#[test]
fn a_change_of_a_contact_is_taken_as_it_is_described() {
    hold("update-contact", "/contacts/1", |_| json!({}));
}

#[test]
fn a_new_onboarding_is_taken_as_it_is_described() {
    hold("create-onboarding", "/onboardings", |_| json!({"customer_id": 1}));
}

#[test]
fn a_change_of_an_onboarding_is_taken_as_it_is_described() {
    hold("update-onboarding", "/onboardings/1", |_| json!({}));
}

#[test]
fn a_state_and_its_flag_are_taken_together_as_it_is_described() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora Shipping");
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    for (id, path) in
        [("create-onboarding", "/onboardings"), ("update-onboarding", "/onboardings/1")]
    {
        let described = operation(id);
        let content = &described.described["requestBody"]["content"]["application/json"];
        let allowed = validator(&content["schema"]);
        for state in ["active", "paused", "at_risk", "waiting"] {
            for flag in [true, false] {
                let body = json!({"customer_id": 1, "state": state, "waiting_on_customer": flag});
                let text = body.to_string();
                let reply = client.send(&described.method, path, &[], Some(text.as_bytes()));
                assert_eq!(reply.status != 400, allowed.is_valid(&body), "{id} {body}");
            }
        }
    }
}

#[test]
fn parameters_of_queries_are_taken_as_they_are_described() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora Shipping");
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    let numbers = ["-1", "0", "1", "100", "101", "1.5", "99999999999999999999"];
    for id in [
        "list-customers",
        "list-customer-contacts",
        "list-onboardings",
        "list-customer-onboardings",
        "list-customer-activity",
        "list-onboarding-activity",
    ] {
        let described = operation(id);
        let path = described.path.replace("{id}", "1").replace("{customerId}", "1");
        for parameter in described.described["parameters"].as_array().unwrap() {
            let parameter = resolved(parameter);
            if parameter["in"] != "query" {
                continue;
            }
            let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            let (allowed, schema) = (validator(schema), resolved(schema));
            let mut all = texts(schema);
            all.extend(numbers.map(str::to_owned));
            for text in all {
                let value = match schema["type"].as_str() {
                    Some("integer") => text.parse::<i64>().map_or(json!(text), Value::from),
                    _ => json!(text),
                };
                let encoded: String = url(&text);
                let reply = client.get(&format!("{path}?{name}={encoded}"));
                let what = format!("{id} {name}={text:?}: {}", reply.body);
                // The pattern of a cursor does not know how many days a month has.
                let no_day = name == "cursor" && text == "2026-02-29";
                let is_allowed = allowed.is_valid(&value) && !no_day;
                assert_eq!(reply.status == 200, is_allowed, "{what}");
                if reply.status != 200 {
                    assert_eq!(reply.json()["error"]["field"], name, "{what}");
                }
            }
        }
    }
}

/// Text as it stands in a query.
fn url(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn idempotency_keys_are_taken_as_they_are_described() {
    let server = Server::start();
    let client = server.client();
    let described = operation("create-customer").described;
    let parameters = described["parameters"].as_array().unwrap();
    let mut in_header = parameters.iter().map(resolved).filter(|one| one["in"] == "header");
    let allowed = validator(&in_header.next().unwrap()["schema"]);
    for key in ["", "a", "a b", "!", "~", &"k".repeat(255), &"k".repeat(256)] {
        let headers = [("Idempotency-Key", key)];
        let reply = client.send("POST", "/customers", &headers, Some(br#"{"name":"Aurora"}"#));
        assert_eq!(reply.status == 201, allowed.is_valid(&json!(key)), "{key:?} {}", reply.body);
    }
}

#[test]
fn an_id_of_any_form_is_looked_up_and_one_of_the_described_forms_is_found() {
    let server = Server::start();
    let client = server.client();
    let customer = client.customer("Aurora Shipping");
    let schema = &operation("get-customer").described["parameters"][0];
    let allowed = validator(&resolved(schema)["schema"]);
    for found in ["1", "0001", customer["id"].as_str().unwrap()] {
        assert!(allowed.is_valid(&json!(found)), "{found}");
        client.get(&format!("/customers/{found}")).expect(200);
    }
    for unknown in ["2", "c00000000000000000000000000", "99999999999999999999999"] {
        assert!(allowed.is_valid(&json!(unknown)), "{unknown}");
        client.get(&format!("/customers/{unknown}")).refused(404, "customer_not_found", None);
    }
    for none in ["aurora-shipping", "c123", "-1", "1.0"] {
        assert!(!allowed.is_valid(&json!(none)), "{none}");
        client.get(&format!("/customers/{none}")).refused(404, "customer_not_found", None);
    }
}
