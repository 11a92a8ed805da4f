//! Every kind of bad input gets the error envelope, and every response a request ID.

use serde_json::json;

use crate::support::Server;

const MIB: usize = 1 << 20;

#[test]
fn a_body_is_parsed_as_json_whatever_its_content_type() {
    let server = Server::start();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "nonsense"] {
        let headers = [("Content-Type", kind)];
        let body = Some(&br#"{"name":"Aurora"}"#[..]);
        server.client().send("POST", "/customers", &headers, body).expect(201);
    }
}

#[test]
fn a_body_can_be_one_mebibyte_but_not_a_byte_more() {
    let server = Server::start();
    let client = server.client();
    let padded = |size: usize| {
        let mut body = br#"{"name":"Aurora"}"#.to_vec();
        body.resize(size, b' ');
        body
    };
    client.send("POST", "/customers", &[], Some(&padded(MIB))).expect(201);
    for size in [MIB + 1, 2 * MIB, 6 * MIB] {
        let reply = client.send("POST", "/customers", &[], Some(&padded(size)));
        reply.refused(413, "payload_too_large", None);
    }
    let chunked = format!(
        "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        server.live,
        2 * MIB,
        " ".repeat(2 * MIB)
    );
    assert!(server.raw(chunked.as_bytes()).starts_with("HTTP/1.1 413"));
    client.get("/me").expect(200);
}

#[test]
fn a_body_is_ignored_where_none_is_expected() {
    let server = Server::start();
    let request = |method: &str, body: &str| {
        let text = format!(
            "{method} /api/v1/customers/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            server.live,
            body.len()
        );
        server.raw(text.as_bytes())
    };
    server.client().customer("Aurora");
    for body in ["{}", "{", "garbage"] {
        assert!(request("GET", body).starts_with("HTTP/1.1 200"));
        assert!(request("HEAD", body).starts_with("HTTP/1.1 200"));
    }
    assert!(request("DELETE", "{}").starts_with("HTTP/1.1 200"));
    assert!(request("GET", &" ".repeat(MIB + 1)).starts_with("HTTP/1.1 413"));
}

#[test]
fn unknown_paths_get_an_error_envelope() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    for path in [
        "/",
        "/nowhere",
        "/customers/",
        "/customers/1/",
        "/customers/1/nowhere",
        "/me/x",
        "/api/v2/me",
    ] {
        client.get(path).refused(404, "route_not_found", None);
    }
}

#[test]
fn a_404_points_out_a_base_path_that_is_repeated() {
    let server = Server::start();
    let client = server.client();
    let said = |method: &str, path: &str| {
        let error = client.send(method, path, &[], None).refused(404, "route_not_found", None);
        error["message"].as_str().unwrap().to_owned()
    };
    for path in ["", "/customers", "/health", "/nowhere", "/api/v1/me"] {
        for base in ["/api/v1/api/v1", "/api/v1//api/v1"] {
            for method in ["GET", "POST"] {
                let said = said(method, &format!("{base}{path}"));
                assert!(said.contains("Remove /api/v1 from your base URL"), "{said}");
            }
        }
    }
    for path in
        ["/api/v1/api/v2/me", "/api/v1/api/v1x", "/api/v1/nowhere/api/v1", "/api/v1x/api/v1"]
    {
        assert!(!said("GET", path).contains("base URL"), "{path}");
    }
}

#[test]
fn a_compressed_body_is_refused_before_it_is_parsed() {
    let server = Server::start();
    let client = server.client();
    let body = br#"{"name":"Aurora"}"#;
    for coding in ["gzip", "GZIP", "br", "deflate", "zstd", "identity, gzip", "x", "gzip, identity"]
    {
        let headers = [("Content-Encoding", coding), ("Idempotency-Key", "k")];
        for (method, path, body) in [
            ("POST", "/customers", &body[..]),
            ("POST", "/customers", b"\x1f\x8b\x08\x00"),
            ("POST", "/onboardings", b""),
            ("PATCH", "/customers/9", body),
        ] {
            let reply = client.send(method, path, &headers, Some(body));
            reply.refused(415, "unsupported_encoding", None);
            assert_eq!(reply.header("accept-encoding"), Some("identity"));
        }
    }
    // The encoding is checked before the idempotency key.
    let long = "k".repeat(256);
    let headers = [("Content-Encoding", "gzip"), ("Idempotency-Key", &long)];
    client.send("POST", "/customers", &headers, Some(body)).refused(
        415,
        "unsupported_encoding",
        None,
    );
    assert_eq!(client.walk("/customers").len(), 0);
    // The idempotency key is still unused, and `identity` means that the body is not encoded.
    for coding in ["identity", "Identity", "", "identity,identity", " identity , "] {
        let headers = [("Content-Encoding", coding), ("Idempotency-Key", "k")];
        client.send("POST", "/customers", &headers, Some(body)).expect(201);
        client.send("PATCH", "/customers/1", &headers[..1], Some(body)).expect(200);
    }
    assert_eq!(client.walk("/customers").len(), 1);
    // Where a body is ignored, so is its encoding. The API key is checked first.
    let gzip = [("Content-Encoding", "gzip")];
    client.send("GET", "/customers/1", &gzip, None).expect(200);
    let anonymous = server.anonymous().send("POST", "/customers", &gzip, Some(body));
    anonymous.refused(401, "missing_api_key", None);
    client.send("DELETE", "/customers/1", &gzip, Some(b"{}")).expect(200);
}

#[test]
fn a_body_can_begin_with_a_byte_order_mark() {
    let server = Server::start();
    let client = server.client();
    let marked = |body: &str| format!("\u{feff}{body}").into_bytes();
    let send = |method: &str, path: &str, body: &str| {
        client.send(method, path, &[("Idempotency-Key", "k")], Some(&marked(body)))
    };
    let made = send("POST", "/customers", r#"{"name":"From an editor"}"#);
    assert_eq!(made.expect(201)["name"], "From an editor");
    assert_eq!(send("PATCH", "/customers/1", r#"{"plan":"Scale"}"#).expect(200)["plan"], "Scale");
    // Idempotency compares bytes, and the byte order mark is part of them.
    let again = send("POST", "/customers", r#"{"name":"From an editor"}"#);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let headers = [("Idempotency-Key", "k")];
    let plain = br#"{"name":"From an editor"}"#;
    client.send("POST", "/customers", &headers, Some(plain)).refused(
        409,
        "idempotency_key_reused",
        None,
    );
    for method in ["POST", "PATCH"] {
        let path = if method == "POST" { "/customers" } else { "/customers/1" };
        let refused = |body: &str, code: &str| {
            client.send(method, path, &[], Some(&marked(body))).refused(400, code, None);
        };
        refused("", "invalid_json");
        refused("\u{feff}{}", "invalid_json");
        refused("[]", "invalid_body");
        client.send(method, path, &[], Some(b"\xef\xbb")).refused(400, "invalid_json", None);
    }
}

#[test]
fn head_returns_the_headers_of_get_without_the_body() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    for path in
        ["/me", "/health", "/customers", "/customers/1", "/onboardings", "/customers/1/activity"]
    {
        let (get, head) = (client.get(path), client.send("HEAD", path, &[], None));
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        for name in ["content-type", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
        assert!(head.header("x-request-id").is_some());
    }
    let missing = client.send("HEAD", "/customers/9", &[], None);
    assert_eq!((missing.status, missing.body.as_str()), (404, ""));
}

#[test]
fn request_headers_have_a_size_limit() {
    let server = Server::start();
    let long = "x".repeat(40 << 10);
    let reply = server.client().send("GET", "/me", &[("X-Long", &long)], None);
    reply.refused(431, "payload_too_large", None);
    server.client().get("/me").expect(200);
}

#[test]
fn every_response_has_a_request_id_that_the_log_contains() {
    let mut server = Server::start();
    let own = [("X-Request-Id", "trace-42.a:b")];
    let client = server.client();
    for path in ["/me", "/nowhere", "/customers/1", "/health", "/api/nowhere"] {
        assert_eq!(
            client.send("GET", path, &own, None).header("x-request-id"),
            Some("trace-42.a:b")
        );
    }
    for odd in ["a b", "x\"y", &"x".repeat(129), &server.live] {
        let reply = client.send("GET", "/me", &[("X-Request-Id", odd)], None);
        let id = reply.header("x-request-id").unwrap();
        assert!(id.starts_with("req_") && id.len() == 36, "{id}");
    }
    let fresh = client.get("/me").header("x-request-id").unwrap().to_owned();
    assert_ne!(client.get("/me").header("x-request-id").unwrap(), fresh);
    server.stop();
    let log = server.log();
    // All but the health check, which is only logged at debug.
    assert_eq!(log.matches("request_id=trace-42.a:b").count(), 4);
    let line = log.lines().find(|line| line.contains(&fresh)).unwrap();
    let prefix = &server.live[..server.live.len() - 38];
    for part in ["method=GET", "path=/api/v1/me", "operation=get-me", "status=200", "ms="] {
        assert!(line.contains(part), "{line}");
    }
    assert!(line.contains(&format!(" key={prefix} ")), "{line}");
}

#[test]
fn secrets_bodies_and_queries_are_not_logged() {
    let mut server = Server::start();
    let client = server.client();
    let body = json!({"name": "MARKER-BODY", "mrr": "MARKER-VALUE"});
    client.post("/customers", body).refused(400, "invalid_type", "mrr");
    client.get("/customers?q=MARKER-QUERY").expect(200);
    client.get(&format!("/customers/{}", server.live)).refused(404, "customer_not_found", None);
    server.client_with(&format!("{}x", server.live)).get("/me").refused(
        401,
        "invalid_api_key",
        None,
    );
    server.stop();
    let log = server.log();
    assert!(log.contains("[redacted]"));
    assert!(!log.contains("MARKER") && !log.contains(&server.live), "{log}");
}

#[test]
fn requests_that_are_not_http_log_no_errors() {
    let mut server = Server::start();
    for _ in 0..3 {
        server.raw(b"this is no HTTP\r\n\r\n");
    }
    server.client().get("/me").expect(200);
    server.stop();
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}
