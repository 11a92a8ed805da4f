//! Cross-origin requests: which pages of other sites can call the API from a browser, and that they
//! can read errors as well.

use crate::support::{Page, Server, Visitor};

const APP: &str = "https://app.example.com";

fn from_origin(server: &Server, origin: &str) -> Visitor {
    Visitor::new(server.address()).with_header("Origin", origin)
}

/// Asks for permission to send a request, as a browser does.
fn preflight(server: &Server, origin: &str, path: &str, method: &str, headers: &str) -> Page {
    from_origin(server, origin)
        .with_header("Access-Control-Request-Method", method)
        .with_header("Access-Control-Request-Headers", headers)
        .send("OPTIONS", path, None)
}

fn allowed_origin(page: &Page) -> Option<&str> {
    page.header("access-control-allow-origin")
}

/// Returns the comma-separated items of a header, in lower case.
fn items(page: &Page, name: &str) -> Vec<String> {
    let values = page.headers.get_all(name).iter().map(|value| value.to_str().unwrap());
    let items = values.flat_map(|value| value.split(','));
    items.map(|item| item.trim().to_lowercase()).collect()
}

#[test]
fn without_the_setting_no_page_of_another_origin_can_call_the_api() {
    let server = Server::start();
    let refused = preflight(&server, APP, "/api/v1/customers", "GET", "authorization");
    assert_eq!(refused.expect(405).header("allow"), Some("GET, HEAD, POST"));
    let health = from_origin(&server, APP).get("/api/v1/health");
    for page in [refused, health] {
        assert_eq!(allowed_origin(&page), None);
        assert_eq!(page.header("vary"), None);
    }
}

#[test]
fn pages_of_an_allowed_origin_can_call_the_api_and_read_errors() {
    let allowed = "https://other.example, https://app.example.com";
    let server = Server::start_with(&[
        ("PIVOTAL_CORS_ALLOWED_ORIGINS", allowed),
        ("PIVOTAL_RATE_LIMITS_TEST", "3"),
    ]);

    // A preflight request has no key and doesn't count toward its rate limit.
    let headers = "authorization,content-type,idempotency-key,x-request-id,traceparent";
    for method in ["GET", "POST", "PATCH", "DELETE"] {
        let granted = preflight(&server, APP, "/api/v1/customers", method, headers);
        assert_eq!(allowed_origin(granted.expect(200)), Some(APP));
        assert!(items(&granted, "access-control-allow-methods").contains(&method.to_lowercase()));
        let granted_headers = items(&granted, "access-control-allow-headers");
        assert!(headers.split(',').all(|name| granted_headers.contains(&name.to_owned())));
        assert_eq!(granted.header("access-control-allow-credentials"), None);
        assert!(items(&granted, "vary").contains(&"origin".to_owned()));
        assert!(granted.header("x-request-id").is_some());
    }

    let client = |key: &str| {
        from_origin(&server, APP).with_header("Authorization", &format!("Bearer {key}"))
    };
    let big = vec![b' '; (1 << 20) + 1];
    let readable = [
        client(&server.test).get("/api/v1/me"),
        client(&server.test).get("/api/v1/customers/1"),
        client(&server.test).send_body("POST", "/api/v1/customers", "application/json", big),
        client(&server.test).get("/api/v1/me"),
        client("wrong").get("/api/v1/me"),
        client(&server.test).get("/api/v1/nowhere"),
        client(&server.test).send("PUT", "/api/v1/customers", None),
        from_origin(&server, APP).get("/api/v1/openapi.json"),
        from_origin(&server, APP).get("/api/v1/health"),
    ];
    let statuses: Vec<_> = readable.iter().map(|page| page.status).collect();
    assert_eq!(statuses, [200, 404, 413, 429, 401, 404, 405, 200, 200]);
    for page in &readable {
        assert_eq!(allowed_origin(page), Some(APP), "{page:?}");
        assert!(items(page, "vary").contains(&"origin".to_owned()), "{page:?}");
        let exposed = items(page, "access-control-expose-headers");
        for name in [
            "x-request-id",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "retry-after",
            "location",
            "idempotent-replayed",
        ] {
            assert!(exposed.contains(&name.to_owned()), "{name} is not in {exposed:?}");
        }
    }

    // Everyone else gets the same responses, which browsers keep from pages of other origins.
    for other in ["https://evil.example", "http://app.example.com", "null"] {
        let page = from_origin(&server, other).get("/api/v1/health");
        assert_eq!(allowed_origin(page.expect(200)), None);
        assert!(items(&page, "vary").contains(&"origin".to_owned()));
        let refused = preflight(&server, other, "/api/v1/customers", "GET", "authorization");
        assert_eq!(allowed_origin(refused.expect(400)), None);
    }
    let same_origin = Visitor::new(server.address()).get("/api/v1/health");
    assert_eq!(allowed_origin(same_origin.expect(200)), None);
}

#[test]
fn a_star_allows_all_origins_but_only_for_the_api() {
    let server = Server::start_with_test_control(&[], &[("PIVOTAL_CORS_ALLOWED_ORIGINS", "*")]);
    let page = from_origin(&server, APP).get("/api/v1/health");
    assert_eq!(allowed_origin(page.expect(200)), Some("*"));
    assert_eq!(page.header("access-control-allow-credentials"), None);
    for path in ["/admin", "/admin/sign-in", "/customers", "/", "/docs", "/_test/clock"] {
        assert_eq!(allowed_origin(&from_origin(&server, APP).get(path)), None, "{path}");
        let refused = preflight(&server, APP, path, "POST", "content-type");
        assert_eq!(allowed_origin(&refused), None, "{path}");
        assert!(refused.status >= 300, "{path}: {}", refused.status);
    }
}

#[test]
fn an_origin_with_a_path_is_refused() {
    for origins in ["https://app.example.com/", "app.example.com", "*,https://a.example"] {
        let dir = tempfile::tempdir().unwrap();
        let mut command = crate::support::command(dir.path());
        let output =
            command.arg("config").env("PIVOTAL_CORS_ALLOWED_ORIGINS", origins).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("must be a list of origins without a path"), "{origins}: {error}");
    }
}
