//! The log: what the lines of requests, starts, and stops say, in both formats.

use serde_json::{Value, json};

use crate::support::database::{is_postgres, place_of};
use crate::support::{Server, wait_until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Waits for the line of a request, which is logged after its response was sent.
fn line_of(server: &Server, request_id: &str) -> Value {
    let find = || objects(&server.log()).into_iter().find(|line| line["request_id"] == request_id);
    wait_until("the request is logged", || find().is_some());
    find().unwrap()
}

/// Parses a log in JSON. Its last line may be incomplete.
fn objects(log: &str) -> Vec<Value> {
    let complete = log.rsplit_once('\n').map_or("", |(lines, _)| lines);
    complete.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn prefix(key: &str) -> &str {
    &key[..key.len() - 38]
}

#[test]
fn a_json_line_says_who_asked_for_what_and_why_it_failed() {
    let mut server = Server::start_configured(&[
        ("PIVOTAL_LOG_FORMAT", "json"),
        ("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1"),
        ("PIVOTAL_RATE_LIMITS_STANDARD", "2"),
        ("PIVOTAL_WEBHOOKS_ENCRYPTION_KEY", "bm90IGluIHRoZSBsb2csIG5vdCBpbiB0aGUgbG9nISE="),
    ]);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let from = ("X-Forwarded-For", "203.0.113.7");
    let body = json!({"name": "MARKER", "domain": "marker.example"}).to_string();
    let created = server.client().send(
        "POST",
        "/customers?marker=1",
        &[from, ("X-Request-Id", "created"), ("traceparent", &parent)],
        Some(body.as_bytes()),
    );
    created.expect(201);
    let line = line_of(&server, "created");
    assert!(line["time"].as_str().unwrap().ends_with('Z') && line["ms"].as_f64().unwrap() > 0.0);
    let expected = json!({
        "level": "info", "message": "request", "method": "POST", "path": "/api/v1/customers",
        "operation": "create-customer", "status": 201, "client": "203.0.113.7",
        "workspace": "default", "key": prefix(&server.live), "request_id": "created",
        "trace_id": TRACE, "bytes": created.body.len(), "time": line["time"], "ms": line["ms"],
    });
    assert_eq!(line, expected);

    let revoked = server.create_key(&["--tier", "unlimited"]);
    server.json(&["keys", "revoke", prefix(&revoked)]);
    let wrong = format!("{}x", server.live);
    let head = server.client().send("HEAD", "/me", &[("X-Request-Id", "head")], None);
    assert_eq!(head.status, 200);
    for (id, key, path, code, owner) in [
        ("none", None, "/me", "missing_api_key", None),
        ("wrong", Some(wrong.as_str()), "/me", "invalid_api_key", None),
        ("revoked", Some(revoked.as_str()), "/me", "api_key_revoked", Some(revoked.as_str())),
        ("lost", None, "/nowhere", "route_not_found", None),
        ("limited", Some(&server.live), "/me", "rate_limited", Some(&server.live)),
    ] {
        let headers = [from, ("X-Request-Id", id), ("traceparent", "00-x")];
        let client = key.map_or_else(|| server.anonymous(), |key| server.client_with(key));
        client.send("GET", path, &headers, None);
        let line = line_of(&server, id);
        assert_eq!((&line["code"], &line["client"]), (&json!(code), &json!("203.0.113.7")));
        assert_eq!(line.get("key"), owner.map(|key| json!(prefix(key))).as_ref(), "{line}");
        assert_eq!(line.get("workspace").is_some(), owner.is_some(), "{line}");
        assert_eq!((line.get("trace_id"), line["bytes"].as_u64() > Some(50)), (None, true));
    }
    assert_eq!(line_of(&server, "head")["bytes"], 0);
    server.client().get("/health").expect(200);
    assert_eq!(server.visitor().get("/docs").status, 200);

    assert_eq!(server.stop(), Some(0));
    let log = server.log();
    let lines = objects(&log);
    for quiet in ["/api/v1/health", "/docs"] {
        assert!(lines.iter().all(|line| line["path"] != quiet), "{quiet} is only logged at debug");
    }
    for absent in ["MARKER", "marker", "bm90IGlu", &wrong, &revoked, &server.live] {
        assert!(!log.contains(absent), "{absent}");
    }
    let started = lines.iter().find(|line| line["message"] == "started").unwrap();
    assert_eq!(started["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(started["data_dir"], json!(server.dir()));
    assert_eq!(started["database"], json!(place_of(server.dir())));
    let engine = if is_postgres() { "PostgreSQL " } else { "SQLite 3." };
    assert!(started["engine"].as_str().unwrap().starts_with(engine), "{started}");
    assert_eq!(started["listen"], json!([server.origin()]));
    assert_eq!(
        (&started["config"], &started["flags"]),
        (&json!("none"), &json!(["--data-dir", "--listen"]))
    );
    let variables = started["environment"].as_array().unwrap();
    assert!(variables.contains(&json!("PIVOTAL_WEBHOOKS_ENCRYPTION_KEY")));
    assert_eq!(variables.len(), if is_postgres() { 5 } else { 4 });
    let stopped = lines.last().unwrap();
    assert_eq!((&stopped["message"], &stopped["reason"]), (&json!("stopped"), &json!("SIGTERM")));
    assert!(stopped["ms"].is_number() && stopped["uptime_seconds"].is_number());
}

#[test]
fn a_text_line_has_the_same_fields_and_nothing_can_break_it() {
    let mut server = Server::start_configured(&[("PIVOTAL_LOG", "debug")]);
    server.client().get("/health").expect(200);
    assert_eq!(server.visitor().get("/docs").status, 200);
    let request = "GET /api/v1/%0d%0aINFO\"=\\ HTTP/1.1\r\nHost: x\r\nX-Request-Id: odd\r\n\
                   traceparent: status=200 x\r\nConnection: close\r\n\r\n";
    assert!(server.raw(request.as_bytes()).starts_with("HTTP/1.1 404"));
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "pivotal_/".repeat(6000)
    );
    assert!(server.raw(long.as_bytes()).starts_with("HTTP/1.1 404"));
    assert_eq!(server.stop(), Some(0));
    let log = server.log();
    for line in log.lines() {
        let (time, rest) = line.split_once(' ').unwrap();
        assert!(time.ends_with('Z') && !rest.contains(char::is_control), "{line}");
        assert!(line.len() < 4096, "{line}");
    }
    let variables = if is_postgres() { "PIVOTAL_DATABASE,PIVOTAL_LOG" } else { "PIVOTAL_LOG" };
    let started = format!(" config=none environment={variables} flags=--data-dir,--listen\n");
    for part in [
        "DEBUG request method=GET path=/api/v1/health operation=get-health status=200 client=127.0.0.1 ",
        "DEBUG request method=GET path=/docs operation=docs status=200 ",
        "INFO  started version=",
        &started,
        "INFO  stopped reason=SIGTERM ms=",
    ] {
        assert!(log.contains(part), "{part} is missing in {log}");
    }
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("request_id=odd")).collect();
    let escaped = r#" path="/api/v1/%0d%0aINFO\"=\\" status=404 code=route_not_found client="#;
    assert!(lines.len() == 1 && lines[0].contains(escaped), "{log}");
    assert!(!lines[0].contains("trace_id"), "{log}");
}
