//! The requests that a client made.

use std::io::Write;
use std::net::TcpStream;

use serde_json::{Value, json};

use super::start;
use crate::support::wait_until;

#[test]
fn requests_are_kept_as_they_were_sent() {
    let (server, control) = start();
    control.freeze("2030-01-01T00:00:00Z");
    let body = br#"{"name": "Aurora Shipping"}"#;
    let headers = [("X-Request-Id", "mine")];
    let created = server.client().send("POST", "/customers?a=b%20c", &headers, Some(body));
    created.expect(201);
    server.client_with(&server.test).get("/customers/77").refused(404, "customer_not_found", None);
    let requests = control.requests("");
    let (live, test) =
        (&server.live[.."pivotal_".len() + 8], &server.test[.."pivotal_test_".len() + 8]);
    assert_eq!(
        requests[0],
        json!({
            "time": "2030-01-01T00:00:00.000Z",
            "method": "POST",
            "path": "/api/v1/customers?a=b%20c",
            "operation": "create-customer",
            "status": 201,
            "workspace": "default",
            "key_prefix": live,
            "request_id": "mine",
            "fault": null,
            "body": "{\"name\": \"Aurora Shipping\"}",
        })
    );
    let second = &requests[1];
    assert_eq!((&second["status"], &second["key_prefix"]), (&json!(404), &json!(test)));
    assert_eq!((&second["operation"], &second["body"]), (&json!("get-customer"), &Value::Null));
}

#[test]
fn requests_that_failed_to_authenticate_are_kept_too_but_belong_to_no_workspace() {
    let (server, control) = start();
    let other = if server.live.ends_with('x') { 'y' } else { 'x' };
    let secret = format!("{}{other}", &server.live[..server.live.len() - 1]);
    server.client_with(&secret).post(&format!("/customers?key={secret}"), json!({"name": "A"}));
    server.anonymous().try_send("GET", "/api/v1/nowhere", &[], None).unwrap();
    server.client().get("/me").expect(200);
    let all = control.requests("");
    let seen: Vec<_> = all.iter().map(|one| (&one["operation"], &one["status"])).collect();
    let operations = [json!("create-customer"), Value::Null, json!("get-me")];
    let statuses = [json!(401), json!(404), json!(200)];
    assert_eq!(seen, operations.iter().zip(&statuses).collect::<Vec<_>>());
    assert_eq!((&all[0]["workspace"], &all[0]["key_prefix"]), (&Value::Null, &Value::Null));
    assert!(!all[0].to_string().contains(&secret), "{}", all[0]);
    assert_eq!(control.requests("?workspace=default").len(), 1);
}

#[test]
fn requests_can_be_listed_and_cleared_by_workspace() {
    let (server, control) = start();
    let other = server.other_workspace("other");
    server.client().get("/me").expect(200);
    other.get("/me").expect(200);
    other.get("/customers").expect(200);
    // Neither pages, documentation, nor test control itself.
    server.visitor().get("/admin/sign-in");
    control.get("/clock").expect(200);
    assert_eq!(control.requests("?workspace=other").len(), 2);
    control.delete("/requests?workspace=other");
    assert_eq!(control.requests("").len(), 1);
    control.delete("/requests");
    assert_eq!(control.requests("").len(), 0);
    control.get("/requests?workspace=No").refused(400, "invalid_string", "workspace");
}

#[test]
fn a_request_whose_client_gave_up_is_kept_without_a_status() {
    let (server, control) = start();
    let fault = control.fault(json!({"operation": "create-customer", "delay_ms": 60_000}));
    let body = r#"{"name": "Aurora"}"#;
    let request = format!(
        "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        server.live,
        body.len()
    );
    let mut client = TcpStream::connect(server.address()).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    let is_delayed = || control.get("/faults").json()["data"] == json!([]);
    wait_until("the request has arrived", is_delayed);
    drop(client);
    wait_until("the request is kept", || control.requests("?workspace=default").len() == 1);
    let kept = &control.requests("")[0];
    assert_eq!((&kept["status"], &kept["fault"]), (&Value::Null, &json!(fault)));
    assert_eq!((&kept["operation"], &kept["body"]), (&json!("create-customer"), &json!(body)));
    assert_eq!(server.client().list("/customers"), json!([]));
}

#[test]
fn long_bodies_are_cut_off() {
    let (server, control) = start();
    let notes = "x".repeat(100_000);
    let body = json!({"name": "A", "notes": notes});
    server.client().try_send("POST", "/customers", &[], Some(body.to_string().as_bytes())).unwrap();
    assert_eq!(control.requests("")[0]["body"].as_str().unwrap().len(), 64 << 10);
}

#[test]
fn workspaces_that_do_not_exist_are_refused_and_not_ignored() {
    let (_server, control) = start();
    let fault = json!({"status": 503, "workspace": "nobody"});
    control.post("/faults", fault).refused(404, "workspace_not_found", None);
    assert_eq!(control.get("/faults").expect(200)["data"], json!([]));
    for method in ["GET", "DELETE"] {
        let refused = control.send(method, "/requests?workspace=nobody", &[], None);
        refused.refused(404, "workspace_not_found", None);
    }
}
