//! Who may use test control, and which requests it refuses.

use serde_json::json;

use super::{Control, start};
use crate::support::Server;

/// A request to every route, with a method that it supports.
const ROUTES: [(&str, &str); 14] = [
    ("GET", "/clock"),
    ("PUT", "/clock"),
    ("DELETE", "/clock"),
    ("GET", "/faults"),
    ("POST", "/faults"),
    ("DELETE", "/faults"),
    ("DELETE", "/faults/fault_1"),
    ("GET", "/requests"),
    ("DELETE", "/requests"),
    ("POST", "/drain"),
    ("POST", "/workspaces"),
    ("POST", "/workspaces/default/reset"),
    ("PUT", "/workspaces/default/snapshots/seeded"),
    ("POST", "/workspaces/default/snapshots/seeded/restore"),
];

#[test]
fn what_a_web_page_may_have_sent_is_refused_by_every_route() {
    let (server, control) = start();
    server.client().customer("Aurora");
    for (method, path) in ROUTES {
        for header in [
            ("Origin", "http://127.0.0.1:8080"),
            ("Host", "rebound.example.com"),
            ("Sec-Fetch-Site", "cross-site"),
            ("X-Forwarded-For", "127.0.0.1"),
            ("X-Real-IP", "127.0.0.1"),
        ] {
            let error = control.send(method, path, &[header], None);
            let error = error.refused(403, "token_required", None);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(header.0), "{message}");
            assert!(message.contains("--test-control-token"), "{message}");
        }
    }
    assert_eq!(server.client().list("/customers").as_array().unwrap().len(), 1);
    // Even which methods a path supports.
    control.send("PATCH", "/clock", &[("Origin", "null")], None).refused(
        403,
        "token_required",
        None,
    );
}

#[test]
fn what_a_plain_nginx_passes_on_is_refused() {
    let (server, _control) = start();
    let passed_on = format!(
        "GET /_test/clock HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n",
        server.address()
    );
    let response = server.raw(passed_on.as_bytes());
    assert!(response.contains("403 Forbidden"), "{response}");
    assert!(response.contains("token_required") && response.contains("HTTP/1.0"), "{response}");
}

#[test]
fn with_a_token_every_route_needs_it() {
    let token = ("PIVOTAL_TEST_CONTROL_TOKEN", "s3cret-token");
    let server = Server::start_with_test_control(&[], &[token]);
    let control = Control::new(&server);
    let wrong = ("Authorization", "Bearer s3cret-tokem");
    for (method, path) in ROUTES {
        for headers in [&[][..], &[wrong], &[("Authorization", "s3cret-token")]] {
            let refused = control.send(method, path, headers, None);
            refused.refused(401, "invalid_token", None);
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        }
    }
    let right = ("Authorization", "Bearer s3cret-token");
    let from_page = [right, ("Origin", "https://ci.example.com"), ("Host", "pivotal.test")];
    control.send("GET", "/clock", &from_page, None).expect(200);
    assert!(!server.log().contains("s3cret"), "{}", server.log());
}

#[test]
fn a_token_as_a_flag_opens_an_address_that_others_can_reach() {
    let flags = ["--test-control-token", "s3cret-token", "--listen", "0.0.0.0:0"];
    let dir = tempfile::tempdir().unwrap();
    let mut child = crate::support::command(dir.path())
        .args(["--json", "serve", "--no-bootstrap", "--test-control"])
        .args(flags)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains(r#""test_control":true"#), "{line}");
}

#[test]
fn misspelled_fields_and_parameters_are_refused_and_not_ignored() {
    let (_server, control) = start();
    let unknown = control.post("/faults", json!({"status": 503, "cuont": 2}));
    let error = unknown.refused(400, "unknown_field", "cuont");
    assert!(error["message"].as_str().unwrap().contains("count"), "{error}");
    control.put("/clock", json!({"Frozen": true})).refused(400, "unknown_field", "Frozen");
    control.post("/drain", json!({"timeout": 1})).refused(400, "unknown_field", "timeout");
    control.post("/workspaces", json!({"sluf": 1})).refused(400, "unknown_field", "sluf");
    control.post("/workspaces/default/reset", json!({"a": 1})).refused(400, "unknown_field", "a");
    control.get("/requests?worksapce=a").refused(400, "unknown_parameter", "worksapce");
    control.get("/clock?now=1").refused(400, "unknown_parameter", "now");
    control.put("/clock", json!([])).refused(400, "invalid_body", None);
    let bad = control.send("PATCH", "/clock", &[], None);
    bad.refused(405, "method_not_allowed", None);
    assert_eq!(bad.header("allow"), Some("GET, HEAD, PUT, DELETE"));
    control.get("/nowhere").refused(404, "route_not_found", None);
}
