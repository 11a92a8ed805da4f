//! Faults that tests inject into the API.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Control, start};
use crate::support::{Client, Server};

/// A client with retries: waits as long as the server asks it to, in milliseconds for seconds.
fn create_with_retries(client: &Client, name: &str) -> Value {
    let body = json!({ "name": name }).to_string();
    let headers = [("Idempotency-Key", name)];
    for _ in 0..5 {
        let sent = client.try_send("POST", "/customers", &headers, Some(body.as_bytes()));
        match sent {
            Ok(response) if response.status == 201 => return response.json(),
            Ok(response) => {
                let wait: u64 = response.header("retry-after").unwrap().parse().unwrap();
                std::thread::sleep(Duration::from_millis(wait));
            }
            Err(_) => {}
        }
    }
    panic!("no success after five attempts");
}

#[test]
fn a_test_of_a_clients_retries_takes_three_lines() {
    let (server, control) = start();
    control.fault(json!({"operation": "create-customer", "status": 503, "count": 2}));
    create_with_retries(&server.client(), "Aurora");
    assert_eq!(control.requests("").len(), 3);
}

#[test]
fn injected_errors_are_the_real_ones() {
    let server = Server::start_with_test_control(&[], &[("PIVOTAL_RATE_LIMITS_ENABLED", "true")]);
    let (client, control) = (server.client(), Control::new(&server));
    let create = |headers: &[(&str, &str)]| {
        client.send("POST", "/customers", headers, Some(br#"{"name": "Aurora"}"#))
    };
    for (status, code) in [
        (401, "invalid_api_key"),
        (403, "insufficient_scope"),
        (409, "idempotency_key_in_use"),
        (413, "payload_too_large"),
        (415, "unsupported_encoding"),
        (429, "rate_limited"),
        (500, "internal_error"),
        (503, "unavailable"),
    ] {
        control.fault(json!({ "status": status }));
        // The client compares it with the OpenAPI document.
        let response = create(&[("X-Request-Id", "mine")]);
        response.refused(status, code, None);
        assert_eq!(response.header("x-request-id"), Some("mine"));
        // The real 401 is sent before the key is known.
        let limit = (status != 401).then_some("60");
        assert_eq!(response.header("x-ratelimit-limit"), limit, "{status}");
        let retry_after = matches!(status, 429 | 503).then_some("1");
        assert_eq!(response.header("retry-after"), retry_after, "{status}");
    }
    control.fault(json!({"status": 400}));
    // The client would object that the body is valid.
    let invalid = client.try_send("POST", "/customers", &[], Some(br#"{"name": "Aurora"}"#));
    invalid.unwrap().refused(400, "invalid_body", None);
    control.fault(json!({"status": 404}));
    client.get("/customers/1/contacts").refused(404, "customer_not_found", None);
    assert!(client.list("/customers").as_array().unwrap().is_empty(), "nothing was created");
    for status in [502, 504] {
        control.fault(json!({ "status": status }));
        let response = client.try_send("GET", "/customers", &[], None).unwrap();
        assert_eq!(response.expect(status)["error"]["type"], "internal_error");
    }
}

#[test]
fn an_injected_429_says_that_the_limit_is_used_up_until_then() {
    let server = Server::start_with_test_control(&[], &[("PIVOTAL_RATE_LIMITS_ENABLED", "true")]);
    let control = Control::new(&server);
    control.freeze("2030-01-01T00:00:00Z");
    control.fault(json!({"status": 429, "retry_after": 12}));
    let response = server.client().get("/me");
    let error = response.refused(429, "rate_limited", None);
    assert_eq!(error["message"], "Rate limit exceeded. Retry after 12 s.");
    for (name, value) in [
        ("retry-after", "12"),
        ("x-ratelimit-limit", "60"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1893456012"),
    ] {
        assert_eq!(response.header(name), Some(value), "{name}");
    }
    let next = server.client().get("/me");
    next.expect(200);
    assert_eq!(next.header("x-ratelimit-remaining"), Some("58"));
}

#[test]
fn a_fault_can_let_clients_retry_at_once() {
    let (server, control) = start();
    for status in [429, 503] {
        control.fault(json!({"status": status, "retry_after": 0}));
        let response = server.client().get("/me");
        assert_eq!((response.status, response.header("retry-after")), (status, Some("0")));
    }
}

#[test]
fn a_fault_can_have_a_code_of_its_own() {
    let (server, control) = start();
    control.fault(json!({"status": 409, "code": "slug_taken", "retry_after": 3}));
    let response = server.client().try_send("POST", "/customers", &[], Some(b"{}")).unwrap();
    response.refused(409, "slug_taken", None);
    assert_eq!(response.header("retry-after"), Some("3"));
}

#[test]
fn a_fault_only_affects_the_requests_that_it_is_for() {
    let (server, control) = start();
    let (client, other) = (server.client(), server.other_workspace("other"));
    control.fault(json!({
        "operation": "list-customers", "workspace": "other", "skip": 1, "count": 2, "status": 500,
    }));
    let status = |client: &Client, path: &str| client.get(path).status;
    assert_eq!(status(&client, "/customers"), 200);
    assert_eq!(status(&other, "/onboardings"), 200);
    let statuses: Vec<u16> = (0..4).map(|_| status(&other, "/customers")).collect();
    assert_eq!(statuses, [200, 500, 500, 200]);
}

#[test]
fn requests_that_fail_anyway_use_up_no_fault() {
    let (server, control) = start();
    let reader = server.client_with(&server.create_key(&["--scope", "read:customers"]));
    control.fault(json!({"status": 503}));
    server.anonymous().get("/customers").refused(401, "missing_api_key", None);
    reader.post("/customers", json!({"name": "A"})).refused(403, "insufficient_scope", None);
    reader.get("/customers").refused(503, "unavailable", None);
    reader.get("/customers").expect(200);
}

#[test]
fn a_connection_that_is_cut_before_the_request_is_handled_changes_nothing() {
    let (server, control) = start();
    let id = control.fault(json!({"operation": "create-customer", "drop": "before"}));
    let body = br#"{"name": "Aurora"}"#;
    assert!(server.client().try_send("POST", "/customers", &[], Some(body)).is_err());
    assert!(server.client().list("/customers").as_array().unwrap().is_empty());
    let cut = &control.requests("")[0];
    assert_eq!((&cut["status"], &cut["fault"]), (&Value::Null, &json!(id)));
    let request = format!(
        "GET /api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
        server.live
    );
    control.fault(json!({"drop": "before"}));
    let read = std::panic::catch_unwind(|| server.raw(request.as_bytes()));
    assert!(read.map_or(true, |received| received.is_empty()), "not a single byte is sent");
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

#[test]
fn a_connection_that_is_cut_after_the_change_was_stored_makes_the_client_retry() {
    let (server, control) = start();
    control.fault(json!({"drop": "after"}));
    let created = create_with_retries(&server.client(), "Aurora");
    let customers = server.client().list("/customers");
    assert_eq!(customers.as_array().unwrap().len(), 1);
    assert_eq!(customers[0]["id"], created["id"]);
    let statuses: Vec<Value> =
        control.requests("").iter().take(2).map(|request| request["status"].clone()).collect();
    assert_eq!(statuses, [Value::Null, json!(201)]);
}

#[test]
fn a_delayed_response_is_otherwise_the_same() {
    let (server, control) = start();
    // The delay is in real time, even if the clock stands still.
    control.freeze("2030-01-01T00:00:00Z");
    control.fault(json!({"delay_ms": 250}));
    let start = Instant::now();
    server.client().get("/me").expect(200);
    assert!(start.elapsed() >= Duration::from_millis(250));
    control.fault(json!({"delay_ms": 1, "status": 500}));
    server.client().get("/me").refused(500, "internal_error", None);
    control.fault(json!({"delay_ms": 1, "drop": "before"}));
    assert!(server.client().try_send("GET", "/me", &[], None).is_err());
}

#[test]
fn faults_can_be_listed_and_removed() {
    let (server, control) = start();
    let first = control.fault(json!({"operation": "get-me", "status": 503, "count": null}));
    let second = control.fault(json!({"drop": "after", "delay_ms": 5, "skip": 2, "count": 3}));
    server.client().get("/me").refused(503, "unavailable", None);
    let list = || control.get("/faults").expect(200)["data"].clone();
    let expected = json!([
        {
            "id": first, "operation": "get-me", "workspace": null, "skip": 0, "count": null,
            "delay_ms": 0, "status": 503, "code": null, "retry_after": null, "drop": null,
            "applied": 1,
        },
        {
            "id": second, "operation": null, "workspace": null, "skip": 2, "count": 3,
            "delay_ms": 5, "drop": "after", "applied": 0,
        },
    ]);
    assert_eq!(list(), expected);
    control.delete(&format!("/faults/{first}"));
    let again = control.send("DELETE", &format!("/faults/{first}"), &[], None);
    again.refused(404, "fault_not_found", None);
    server.client().get("/me").expect(200);
    control.delete("/faults");
    assert_eq!(list(), json!([]));
}

#[test]
fn a_fault_that_makes_no_sense_is_refused() {
    let (_server, control) = start();
    for (body, code, field) in [
        (json!({}), "missing_field", "status"),
        (json!({"status": 200}), "invalid_enum_value", "status"),
        (json!({"status": 503, "operation": "create-costumer"}), "invalid_enum_value", "operation"),
        (json!({"status": 503, "operation": "get-health"}), "invalid_enum_value", "operation"),
        (json!({"status": 503, "drop": "after"}), "conflicting_fields", "drop"),
        (json!({"delay_ms": 60_001}), "too_big", "delay_ms"),
    ] {
        control.post("/faults", body).refused(400, code, field);
    }
    assert_eq!(control.get("/faults").expect(200)["data"], json!([]));
}
