//! Authentication and authorization: keys, revocation, scopes, and client IP addresses.

use pivotal_server::model::key::Mode;
use pivotal_server::model::key::checksum::ChecksumSecret;
use pivotal_server::model::key::secret::KeySecret;
use serde_json::{Value, json};

use crate::support::contract::{DOCUMENT, operations};
use crate::support::{Client, Response, Server, wait_until};

fn get_me_with_authorization(server: &Server, header: &str) -> Response {
    server.anonymous().send("GET", "/me", &[("Authorization", header)], None)
}

/// A well-formed key that this server has not issued.
fn unknown_key() -> String {
    let elsewhere = ChecksumSecret::from_stored([7; 32]);
    KeySecret::generate(Mode::Live, &elsewhere).unwrap().reveal().to_owned()
}

#[test]
fn only_bearer_tokens_are_accepted() {
    let server = Server::start();
    let key = &server.live;
    let missing = server.anonymous().get("/me");
    missing.refused(401, "missing_api_key", None);
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
    let in_query = server.anonymous().get(&format!("/me?api_key={key}"));
    in_query.refused(401, "missing_api_key", None);
    for header in [
        key.clone(),
        format!("Bearer:{key}"),
        format!("Bearer: {key}"),
        format!("Basic {key}"),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {key}x"),
        format!("Bearer {}", &key[..key.len() - 1]),
        format!("Bearer {}", key.replace("pivotal_", "pivotal_test_")),
        format!("Bearer {}", unknown_key()),
    ] {
        let reply = get_me_with_authorization(&server, &header);
        reply.refused(401, "invalid_api_key", None);
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{header}");
        assert_eq!(reply.header("x-ratelimit-limit"), None);
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        get_me_with_authorization(&server, &format!("{scheme} {key}")).expect(200);
    }
}

#[test]
fn me_describes_the_key() {
    let server = Server::start();
    let key = server.create_key(&["--test", "--tier", "paid", "--scope", "read:contacts"]);
    let me = server.client_with(&key).get("/me").expect(200);
    let prefix = &key[..key.len() - 38];
    assert_eq!(me["object"], "me");
    assert_eq!(
        me["api_key"],
        json!({
            "id": me["api_key"]["id"], "name": "test key", "prefix": prefix,
            "scopes": ["read:contacts"], "rate_limit_tier": "paid", "mode": "test",
            "livemode": false,
        })
    );
    let organization = &me["organization"];
    assert_eq!(
        (&organization["slug"], &organization["name"]),
        (&json!("default"), &json!("Default"))
    );
    assert!(organization["id"].as_str().unwrap().starts_with('c'));
}

#[test]
fn a_key_revoked_on_the_command_line_is_refused_on_its_next_request() {
    let server = Server::start();
    let key = server.create_key(&[]);
    let client = server.client_with(&key);
    client.get("/me").expect(200);
    server.json(&["keys", "revoke", &key[..key.len() - 38]]);
    client.get("/me").refused(401, "api_key_revoked", None);
    client.post("/customers", json!({"name": "x"})).refused(401, "api_key_revoked", None);
    server.client().get("/me").expect(200);
    let server = server.restart();
    server.client_with(&key).get("/me").refused(401, "api_key_revoked", None);
    server.client().get("/me").expect(200);
}

#[test]
fn each_endpoint_requires_exactly_the_scope_in_the_document() {
    let server = Server::start();
    let all = server.client();
    all.customer("Aurora");
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    all.post("/customers/1/contacts", contact).expect(201);
    all.post("/onboardings", json!({"customer_id": 1})).expect(201);
    let scopes = [
        "read:customers",
        "write:customers",
        "read:contacts",
        "write:contacts",
        "read:onboardings",
        "write:onboardings",
    ];
    assert_eq!(DOCUMENT["components"]["schemas"]["Scope"]["enum"], json!(scopes));
    let clients =
        scopes.map(|scope| (scope, server.client_with(&server.create_key(&["--scope", scope]))));
    for operation in operations() {
        let needed = match operation.id {
            "get-health" | "openapi" => None,
            "get-me" => Some(&[][..]),
            "list-customers" | "get-customer" | "list-customer-activity" => {
                Some(&["read:customers"][..])
            }
            "create-customer" | "update-customer" | "delete-customer" => {
                Some(&["write:customers"][..])
            }
            "list-customer-contacts" | "get-contact" => Some(&["read:contacts"][..]),
            "create-customer-contact" | "update-contact" | "delete-contact" => {
                Some(&["write:contacts"][..])
            }
            "list-events" => Some(&["read:customers", "read:contacts", "read:onboardings"][..]),
            "list-onboardings"
            | "list-customer-onboardings"
            | "get-onboarding"
            | "list-onboarding-activity" => Some(&["read:onboardings"][..]),
            "create-onboarding" | "update-onboarding" | "delete-onboarding" => {
                Some(&["write:onboardings"][..])
            }
            other => panic!("which scope does {other} need?"),
        };
        let described = match needed {
            None => json!([]),
            Some([]) => json!([{"apiKey": []}]),
            Some(scopes) => scopes.iter().map(|scope| json!({"apiKey": [scope]})).collect(),
        };
        assert_eq!(operation.definition["security"], described, "{}", operation.id);
        // No resource has this number, so nothing is deleted that later requests need.
        let number = if operation.method == "DELETE" { "9" } else { "1" };
        let path = operation.path.replace("{id}", number).replace("{customerId}", number);
        let body = operation.definition.get("requestBody").map(|_| &b"{}"[..]);
        let send = |client: &Client| client.send(&operation.method, &path, &[], body);
        let anonymous = send(&server.anonymous());
        match needed {
            None => drop(anonymous.expect(200)),
            Some(_) => drop(anonymous.refused(401, "missing_api_key", None)),
        }
        for (scope, client) in &clients {
            let reply = send(client);
            if needed.is_none_or(|needed| needed.is_empty() || needed.contains(scope)) {
                // An empty body passes the scope check and fails at the next step.
                assert!([200, 400, 404].contains(&reply.status), "{}: {reply:?}", operation.id);
            } else {
                reply.refused(403, "insufficient_scope", None);
            }
        }
    }
}

#[test]
fn health_needs_no_key() {
    let server = Server::start();
    let health = server.anonymous().get("/health").expect(200);
    assert_eq!(
        (&health["status"], &health["version"]),
        (&json!("ok"), &json!(env!("CARGO_PKG_VERSION")))
    );
    assert!(health["timestamp"].as_str().unwrap().ends_with('Z'));
    let deep = server.anonymous().deep_health(200);
    let mut checks = deep["checks"].as_object().unwrap().clone();
    checks.retain(|_, found| found.is_string());
    let expected = json!({
        "file": "ok",
        "read": "ok",
        "write": "ok",
        "log": "ok",
        "disk": "ok",
        "backup": "off",
        "backup_after": "off",
        "clock": "ok",
    });
    assert_eq!((&deep["status"], checks), (&json!("ok"), expected.as_object().unwrap().clone()));
    let ask = |method| server.anonymous().send(method, "/api/health/deep", &[], None);
    assert_eq!(ask("HEAD").status, 200);
    assert_eq!(ask("DELETE").header("Allow"), Some("GET, HEAD"));
}

#[test]
fn key_usage_is_written_when_the_server_stops() {
    let mut server = Server::start_with(&[("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1")]);
    let from = |address| [("X-Forwarded-For", address)];
    for address in ["198.51.100.7", "198.51.100.8"] {
        server.client().send("GET", "/me", &from(address), None).expect(200);
    }
    server.client().get("/nowhere").refused(404, "route_not_found", None);
    server.client().post("/customers", json!({})).refused(400, "missing_field", "name");
    server.client().send("GET", "/me", &from("198.51.100.9"), None).expect(200);
    server.stop();
    let keys = server.json(&["keys", "list"]);
    let live = keys.as_array().unwrap().iter().find(|key| key["mode"] == "live").unwrap();
    assert_eq!(
        (&live["request_count"], &live["last_used_ip"]),
        (&json!(4), &json!("198.51.100.9"))
    );
    assert!(live["last_used_at"].is_string());
    let test = keys.as_array().unwrap().iter().find(|key| key["mode"] == "test").unwrap();
    assert_eq!((&test["request_count"], &test["last_used_ip"]), (&json!(0), &Value::Null));
}

#[test]
fn conflicting_forwarding_headers_are_ignored() {
    let mut server = Server::start_with(&[("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1")]);
    let header = [("X-Forwarded-For", "198.51.100.7"), ("Forwarded", "for=192.0.2.1")];
    server.client().send("GET", "/me", &header, None).expect(200);
    server.stop();
    let keys = server.json(&["keys", "list"]);
    let live = keys.as_array().unwrap().iter().find(|key| key["mode"] == "live").unwrap();
    assert_eq!(live["last_used_ip"], "127.0.0.1");
}

#[test]
fn an_untrusted_client_cannot_set_its_address() {
    let mut server = Server::start();
    let header = [("X-Forwarded-For", "198.51.100.7"), ("Forwarded", "for=198.51.100.7")];
    server.client().send("GET", "/me", &header, None).expect(200);
    server.stop();
    let keys = server.json(&["keys", "list"]);
    let live = keys.as_array().unwrap().iter().find(|key| key["mode"] == "live").unwrap();
    assert_eq!(live["last_used_ip"], "127.0.0.1");
}

#[test]
fn an_untrusted_proxy_is_logged_once_with_the_setting_to_change() {
    let server = Server::start();
    let warning = "WARN  127.0.0.1 sent the x-forwarded-for header, which is ignored because \
                   `trusted_proxies` does not include this address";
    let count = || server.log().matches("`trusted_proxies`").count();
    server.client().get("/me").expect(200);
    let forwarded = [("X-Forwarded-For", "198.51.100.7")];
    for path in ["/me", "/customers", "/me"] {
        server.client().send("GET", path, &forwarded, None).expect(200);
    }
    server.visitor().with_header("Forwarded", "for=198.51.100.7").get("/admin/sign-in");
    server.client().get("/nowhere").refused(404, "route_not_found", None);
    // This line is logged after all earlier ones.
    wait_until("the last request is logged", || server.log().contains("path=/api/v1/nowhere"));
    assert_eq!(count(), 1, "{}", server.log());
    assert!(server.log().contains(warning) && !server.log().contains("198.51.100.7"));
    assert!(server.log().contains("PIVOTAL_TRUSTED_PROXIES=127.0.0.1"), "{}", server.log());

    let trusting = Server::start_with(&[("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1")]);
    trusting.client().send("GET", "/me", &forwarded, None).expect(200);
    wait_until("it is logged", || trusting.log().contains("path=/api/v1/me"));
    assert!(!trusting.log().contains("trusted_proxies"), "{}", trusting.log());
}
