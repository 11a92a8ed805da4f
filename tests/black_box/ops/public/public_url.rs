//! The public URL: what the server prints, and which values it refuses.

use std::sync::Arc;

use crate::support::{PASSWORD, Server, Visitor, command, wait_until};

const URL: &str = "https://intranet.example.com/pivotal/";

#[test]
fn a_start_prints_the_public_url_of_the_admin_pages() {
    let server = Server::start_with(&[("PIVOTAL_PUBLIC_URL", URL)]);
    assert_eq!(server.admin.as_deref(), Some("https://intranet.example.com/pivotal/admin"));
    let setup = server.setup.as_deref().unwrap();
    assert!(setup.starts_with("https://intranet.example.com/pivotal/admin/setup#"), "{setup}");
    server.client().get("/me").expect(200);
}

#[test]
fn admin_pages_with_an_address_of_their_own_are_not_below_the_public_url() {
    let server =
        Server::start_with(&[("PIVOTAL_PUBLIC_URL", URL), ("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")]);
    let admin = server.admin.as_deref().unwrap();
    assert!(admin.starts_with("http://127.0.0.1:") && admin.ends_with("/admin"), "{admin}");
    assert!(server.set_password(PASSWORD).status.success());
    let visitor = server.visitor();
    visitor.get("/customers").asks_to_sign_in();
    let overview = visitor.sign_in();
    overview.hides("=\"/pivotal/");
    // They know where clients reach the API, though.
    assert_eq!(overview.attribute("#base-url", "value"), format!("{URL}api/v1"));
}

#[test]
fn a_url_that_cannot_be_a_public_url_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for url in ["example.com", "https://example.com/api/", "https://example.com/a?b", "/pivotal"] {
        let variables = [("PIVOTAL_PUBLIC_URL", url)];
        let output = command(dir.path()).arg("config").envs(variables).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{url}: {error}");
        assert!(error.contains("PIVOTAL_PUBLIC_URL"), "{error}");
        assert!(error.contains("must be an http or https URL such as"), "{error}");
    }
}

#[test]
fn test_control_below_a_public_url_needs_a_token() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let variables = [("PIVOTAL_TEST_CONTROL_ENABLED", "true"), ("PIVOTAL_PUBLIC_URL", URL)];
    let refused = Server::start_under(&[], dir, &variables).unwrap_err();
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("`public_url` says that the server is behind a proxy"), "{error}");
}

#[test]
fn an_invalid_prefix_from_a_proxy_is_logged_once_and_ignored() {
    let server = Server::start_with(&[("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1")]);
    for prefix in ["//evil.example", "/a/../b", "/a\"b"] {
        let visitor = Visitor::new(server.address()).with_header("X-Forwarded-Prefix", prefix);
        assert_eq!(visitor.get("/").expect(303).location(), "/admin");
    }
    let warning = "a proxy sent an X-Forwarded-Prefix header that is ignored";
    wait_until("it is logged", || server.log().contains(warning));
    server.client().get("/me").expect(200);
    wait_until("more is logged", || server.log().contains("operation=get-me"));
    assert_eq!(server.log().matches(warning).count(), 1);
    assert!(!server.log().contains("evil"));
}
