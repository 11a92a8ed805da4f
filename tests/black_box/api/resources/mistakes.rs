//! Invalid bodies: the error for each problem, and that all problems are reported together.

use serde_json::{Value, json};

use super::resources;
use crate::support::Server;

/// The codes and fields of all problems in an error.
fn all_errors(error: &Value) -> Vec<(&str, &str)> {
    let one = std::slice::from_ref(error);
    let all = error["errors"].as_array().map_or(one, Vec::as_slice);
    all.iter().map(|e| (e["code"].as_str().unwrap(), e["field"].as_str().unwrap())).collect()
}

#[test]
fn all_problems_are_reported_together_in_the_order_of_the_fields() {
    let server = Server::start();
    for resource in resources(&server) {
        let (client, wrong) = (&resource.rules.client, &resource.wrong);
        let (code, field) = resource.errors[0];
        let mut body = resource.rules.smallest.clone();
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let post = client.post(resource.rules.create, body.clone());
        for reply in [post, client.patch(resource.rules.existing, wrong.clone())] {
            let error = reply.refused(400, code, field);
            assert_eq!(all_errors(&error), resource.errors);
            let first = &error["errors"][0];
            assert_eq!(first["type"], "invalid_request_error");
            assert_eq!(first["message"], error["message"]);
        }
        // Missing fields are reported together with invalid ones.
        let is_required = |name: &str| resource.required.contains(&name);
        body.as_object_mut().unwrap().retain(|name, _| !is_required(name));
        let missing: Vec<_> =
            resource.required.iter().map(|name| ("missing_field", *name)).collect();
        let rest = resource.errors.iter().copied().filter(|(_, field)| !is_required(field));
        let expected: Vec<_> = missing.iter().copied().chain(rest).collect();
        for (body, expected) in [(body, expected), (json!({}), missing)] {
            let reply = client.post(resource.rules.create, body);
            let error = reply.refused(400, "missing_field", resource.required[0]);
            assert_eq!(all_errors(&error), expected);
            assert_eq!(error["message"], format!("{} is required", resource.required[0]));
        }
    }
}

#[test]
fn errors_are_listed_only_when_there_are_several() {
    let server = Server::start();
    let one = server.client().post("/customers", json!({}));
    assert!(one.refused(400, "missing_field", "name").get("errors").is_none());
    let two = server.client().get("/customers?limit=0&cursor=soon");
    let error = two.refused(400, "too_small", "limit");
    assert_eq!(all_errors(&error), [("too_small", "limit"), ("invalid_string", "cursor")]);
    let second = &error["errors"][1];
    assert_eq!(second["message"], "Invalid datetime");
    assert_eq!(second["type"], "invalid_request_error");
}

#[test]
fn a_body_that_is_not_a_json_object_is_refused() {
    let server = Server::start();
    let deep = format!("{{\"metadata\":{}", "[".repeat(100_000));
    let invalid: [&[u8]; 7] = [
        b"",
        b" \n",
        b"{",
        b"{\"name\":}",
        b"{\"name\":\"\xff\"}",
        b"{\"name\":\"\\ud800\"}",
        deep.as_bytes(),
    ];
    for resource in resources(&server) {
        let rules = &resource.rules;
        for (method, path) in [("POST", rules.create), ("PATCH", rules.existing)] {
            let send = |body: &[u8]| rules.client.send(method, path, &[], Some(body));
            for body in invalid {
                send(body).refused(400, "invalid_json", None);
            }
            for body in ["[]", "null", "1", "\"text\"", "true"] {
                send(body.as_bytes()).refused(400, "invalid_body", None);
            }
        }
    }
    let huge = format!("{{\"name\":\"x\",\"mrr\":1{}}}", "0".repeat(10_000));
    let reply = server.client().send("POST", "/customers", &[], Some(huge.as_bytes()));
    reply.refused(400, "too_big", "mrr");
}
