//! Signing in to the admin pages: the first password, wrong passwords, the end of a session, and the
//! listener of the pages.

use std::sync::Arc;

use pivotal_server::settings::Settings;

use crate::support::database::place_of;
use crate::support::{InProcess, PASSWORD, Server, Visitor, command, set_password, wait_until};

const OTHER: &str = "a very different password";

/// Returns the path and the setup code of the link that the server printed.
fn setup(server: &Server) -> (&str, &str) {
    let url = server.setup.as_deref().unwrap();
    let base = server.origin();
    url.strip_prefix(&base).unwrap().split_once('#').unwrap()
}

#[test]
fn the_printed_link_sets_the_first_password_once() {
    let server = Server::start_new();
    let (path, code) = setup(&server);
    let visitor = server.visitor();
    visitor.get("/admin/sign-in").expect(303);
    let form = visitor.follow(visitor.get("/admin"));
    form.expect(200).shows("Setup code").hides(code);

    let fields = [("code", code), ("password", PASSWORD), ("again", PASSWORD)];
    let done = visitor.post(path, &fields);
    assert_eq!(done.expect(303).location(), "/admin");
    visitor.get("/admin").expect(200).shows("Password set.");
    visitor.get("/admin").expect(200).hides("Password set.");

    let latecomer = server.visitor();
    assert_eq!(latecomer.get(path).expect(303).location(), "/admin/sign-in");
    latecomer.get("/admin/sign-in").expect(200);
    latecomer
        .post(path, &[("code", code), ("password", OTHER), ("again", OTHER)])
        .asks_to_sign_in();
    latecomer.sign_in();
    wait_until("all requests are logged", || server.log().contains("POST path=/admin/sign-in"));
    assert!(!server.log().contains(code) && !server.log().contains(PASSWORD));
    let server = server.restart();
    assert_eq!(server.setup, None);
}

#[test]
fn a_wrong_code_or_a_weak_password_is_rejected() {
    let server = Server::start_new();
    let (path, code) = setup(&server);
    let visitor = server.visitor();
    visitor.get(path).expect(200);
    let try_with = |code: &str, password: &str, again: &str| {
        visitor.post(path, &[("code", code), ("password", password), ("again", again)])
    };
    try_with("0123", PASSWORD, PASSWORD)
        .expect(400)
        .shows("Use the one that the server printed when it started.");
    try_with("", PASSWORD, PASSWORD).expect(400);
    try_with(code, "short", "short").expect(400).shows("Must be at least 12 characters long.");
    try_with(code, &" ".repeat(20), &" ".repeat(20))
        .expect(400)
        .shows("Must not consist only of spaces.");
    let differ = try_with(code, PASSWORD, OTHER);
    differ.expect(400).says("The passwords don't match.").hides(PASSWORD);
    wait_until("the failure is logged", || {
        server.log().contains("admin setup failed from 127.0.0.1")
    });
    for _ in 0..8 {
        try_with("0123", PASSWORD, PASSWORD).expect(400);
    }
    let slowed = try_with(code, PASSWORD, PASSWORD);
    assert!(slowed.expect(429).header("retry-after").is_some());
    assert_eq!(server.visitor().get("/admin/sign-in").location(), "/admin/setup");
}

#[test]
fn a_wrong_password_is_rejected_and_ten_are_rate_limited() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.get("/admin/sign-in").expect(200);
    for wrong in [OTHER, "", "short", "correct horse battery stable"] {
        let shown = visitor.post("/admin/sign-in", &[("password", wrong)]);
        assert_eq!(shown.expect(403).error("password"), "Wrong password.");
        assert_eq!(shown.attribute("#password", "aria-invalid"), "true");
        assert!(wrong.is_empty() || !shown.body.contains(wrong));
    }
    for _ in 0..6 {
        visitor.post("/admin/sign-in", &[("password", "wrong")]).expect(403);
    }
    let slowed = visitor.post("/admin/sign-in", &[("password", PASSWORD)]);
    slowed.expect(429).shows("Too many failed attempts.");
    let wait: i64 = slowed.header("retry-after").unwrap().parse().unwrap();
    server.clock.advance_millis(wait * 1000);
    visitor.sign_in();
}

#[test]
fn a_failed_sign_in_is_logged_with_the_client_ip() {
    let trusted = [("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1")];
    let server = Server::start_with(&trusted);
    server.set_password(PASSWORD);
    let visitor = server.visitor().with_header("X-Forwarded-For", "203.0.113.7");
    visitor.get("/admin/sign-in").expect(200);
    visitor.post("/admin/sign-in", &[("password", "a secret typo")]).expect(403);
    wait_until("the failure is logged", || {
        server.log().lines().any(|line| {
            line.contains("WARN") && line.contains("sign-in") && line.ends_with("from 203.0.113.7")
        })
    });
    visitor.sign_in();
    wait_until("the requests are logged", || {
        server.log().contains("operation=admin-overview status=200")
    });
    let log = server.log();
    assert!(log.contains("method=POST path=/admin/sign-in operation=admin-sign-in status=303"));
    for secret in [PASSWORD, "a secret typo", &visitor.cookie().unwrap()] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn signing_in_replaces_the_cookie() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.get("/admin/sign-in").expect(200);
    let before = visitor.clone_session();
    visitor.sign_in();
    assert_ne!(visitor.cookie(), before.cookie());
    assert!(visitor.is_signed_in() && !before.is_signed_in());

    // Signing in again ends the first session, too.
    let first = visitor.clone_session();
    visitor.get("/admin").expect(200);
    visitor.post("/admin/sign-in", &[("password", PASSWORD)]).expect(303);
    assert!(visitor.is_signed_in() && !first.is_signed_in());
}

#[test]
fn signing_in_leads_back_to_the_requested_page_but_never_to_another_site() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    let form = visitor.get("/admin/sign-in?next=%2Fadmin%3Fa%3Db");
    assert_eq!(form.expect(200).field("next"), "/admin?a=b");
    let back = [("password", PASSWORD), ("next", "/admin?a=b")];
    assert_eq!(visitor.post("/admin/sign-in", &back).expect(303).location(), "/admin?a=b");
    assert_eq!(visitor.get("/admin/sign-in?next=/admin?c").location(), "/admin?c");
    for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let shown = visitor.get(&format!("/admin/sign-in?next={elsewhere}"));
        assert_eq!(shown.expect(303).location(), "/admin");
    }
}

#[test]
fn signing_out_ends_the_session_even_with_a_copied_cookie() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.sign_in();
    let copy = visitor.clone_session();
    visitor.post("/admin/sign-out", &[]).asks_to_sign_in();
    assert!(!visitor.is_signed_in() && !copy.is_signed_in());
}

#[test]
fn a_session_ends_when_idle_and_after_twelve_hours() {
    let server = InProcess::start(Settings::default());
    let minutes = |count: i64| server.clock.advance_millis(count * 60_000);
    let visitor = server.visitor();
    visitor.sign_in();
    minutes(29);
    assert!(visitor.is_signed_in());
    minutes(29);
    assert!(visitor.is_signed_in());
    minutes(30);
    visitor.get("/admin").asks_to_sign_in();

    visitor.sign_in();
    for _ in 0..28 {
        minutes(25);
        assert!(visitor.is_signed_in());
    }
    minutes(20);
    visitor.get("/admin").asks_to_sign_in();
}

#[test]
fn the_idle_timeout_is_a_setting() {
    let mut settings = Settings::default();
    settings.admin.idle_timeout = std::time::Duration::from_secs(60);
    let server = InProcess::start(settings);
    let visitor = server.visitor();
    visitor.sign_in();
    server.clock.advance_millis(60_000);
    assert!(!visitor.is_signed_in());
}

#[test]
fn setting_a_password_on_the_command_line_ends_all_sessions() {
    let server = Server::start_new();
    let visitor = server.signed_in();
    assert!(visitor.is_signed_in());
    assert!(server.set_password(OTHER).status.success());
    visitor.get("/admin").asks_to_sign_in();
    visitor.get("/admin/sign-in").expect(200);
    visitor.post("/admin/sign-in", &[("password", PASSWORD)]).expect(403);
    visitor.post("/admin/sign-in", &[("password", OTHER)]).expect(303);
    assert!(visitor.is_signed_in());
}

#[test]
fn a_session_and_its_forms_survive_a_restart() {
    let server = Server::start_new();
    let (visitor, ended) = (server.signed_in(), server.visitor());
    ended.sign_in();
    let copy = ended.clone_session();
    ended.post("/admin/sign-out", &[]).expect(303);
    visitor.get("/customers/new").expect(200);
    visitor.post("/customers", &[("name", "Aurora")]).expect(303);
    let server = server.restart();
    let visitor = visitor.clone_session_on(server.address());
    copy.clone_session_on(server.address()).get("/admin").asks_to_sign_in();
    let form = visitor.clone_session();
    visitor.get("/customers").expect(200).says("Customer created.").says("Aurora");
    visitor.get("/customers").expect(200).hides("Customer created.");
    form.post("/customers", &[("name", "Aurora")]).expect(409).says("already submitted");
    assert_eq!(server.places_with(visitor.cookie().unwrap()), [""; 0]);
}

#[test]
fn the_setup_link_stays_the_same_until_there_is_a_password() {
    let server = Server::start_new();
    let code = setup(&server).1.to_owned();
    let server = server.restart();
    assert_eq!(setup(&server).1, code);
    assert_ne!(setup(&Server::start_new()).1, code);
}

#[test]
fn a_password_can_be_set_before_the_first_start_unless_it_is_weak() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    for (weak, reason) in [("short", "at least 12"), (&"x".repeat(2000), "at most 1024 bytes")] {
        let output = set_password(dir.path(), weak);
        assert_eq!(output.status.code(), Some(1));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(reason) && !message.contains(weak), "{message}");
    }
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    let output = set_password(dir.path(), PASSWORD);
    let message = String::from_utf8(output.stdout).unwrap();
    assert!(message.starts_with(r#"{"password_changed_at":"20"#), "{message}");
    let database = format!(r#""database":"{}""#, place_of(dir.path()));
    assert!(message.contains(&database), "{message}");
    let server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.setup, None);
    server.visitor().sign_in();
    assert_eq!(server.places_with(PASSWORD), [""; 0]);
}

#[test]
fn disabled_pages_do_not_exist() {
    let server = Server::start_with(&[("PIVOTAL_ADMIN_ENABLED", "false")]);
    assert_eq!((&server.admin, &server.setup), (&None, &None));
    for path in ["/admin", "/admin/sign-in", "/admin/setup", "/customers"] {
        let shown = server.visitor().get(path);
        shown.expect(404).shows("route_not_found");
    }
    server.client().get("/me").expect(200);
}

#[test]
fn pages_with_their_own_listener_are_only_served_there_without_the_api() {
    let server = Server::start_with(&[("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")]);
    let visitor = server.signed_in();
    visitor.get("/admin").expect(200);
    visitor.get("/api/v1/health").expect(404).says("This page doesn't exist.");
    let elsewhere = Visitor::new(server.address());
    elsewhere.get("/admin/sign-in").expect(404).shows("route_not_found");
    server.client().get("/me").expect(200);
    let mut server = server;
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn an_unavailable_listen_address_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let output = command(dir.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("PIVOTAL_ADMIN_LISTEN", "192.0.2.1:1")
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("cannot listen on 192.0.2.1:1") && message.contains("admin.listen"));
}
