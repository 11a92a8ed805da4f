//! The account of the admin: changing the password, and the sessions.

use pivotal_server::settings::Settings;

use crate::support::{InProcess, PASSWORD, Server, Visitor, wait_until};

const OTHER: &str = "a very different password";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn change_password(
    visitor: &Visitor,
    current: &str,
    new: &str,
    again: &str,
) -> crate::support::Page {
    visitor.get("/admin/account/password").expect(200);
    let fields = [("current", current), ("password", new), ("again", again)];
    visitor.post("/admin/account/password", &fields)
}

#[test]
fn changing_the_password_ends_all_other_sessions_and_keeps_the_workspace() {
    let server = Server::start();
    server.other_workspace("acme");
    let (visitor, other) = (server.signed_in(), server.visitor());
    other.sign_in();
    visitor.get("/admin").expect(200);
    visitor.post("/admin/workspace", &[("workspace", "acme")]).expect(303);
    let before = visitor.clone_session();

    let changed = change_password(&visitor, PASSWORD, OTHER, OTHER);
    assert_eq!(changed.expect(303).location(), "/admin/account");
    let page = visitor.get("/admin/account");
    page.expect(200).says("Password changed. All other sessions have ended.");
    assert_eq!(page.field("in"), "acme");
    other.get("/admin").asks_to_sign_in();
    // A copy of the cookie doesn't survive either.
    before.get("/admin").asks_to_sign_in();

    visitor.post("/admin/sign-out", &[]).expect(303);
    visitor.get("/admin/sign-in").expect(200);
    visitor.post("/admin/sign-in", &[("password", PASSWORD)]).expect(403);
    visitor.post("/admin/sign-in", &[("password", OTHER)]).expect(303);
    wait_until("the change is logged", || {
        server.log().contains("admin password changed from 127.0.0.1, other sessions ended: 1")
    });
    assert!(!server.log().contains(PASSWORD) && !server.log().contains(OTHER));
}

#[test]
fn a_new_password_needs_the_current_one_and_must_be_confirmed_and_differ() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.sign_in();
    let wrong = change_password(&visitor, OTHER, OTHER, OTHER);
    assert_eq!(wrong.expect(400).error("current"), "Wrong password.");
    assert_eq!(wrong.hides(OTHER).text("title"), "Not saved: Change password · Pivotal");
    let differ = change_password(&visitor, PASSWORD, OTHER, PASSWORD);
    assert_eq!(differ.expect(400).error("again"), "The passwords don't match.");
    let weak = change_password(&visitor, PASSWORD, "short", "short");
    assert_eq!(weak.expect(400).error("password"), "Must be at least 12 characters long.");
    let same = change_password(&visitor, PASSWORD, PASSWORD, PASSWORD);
    let message = "Must differ from the current password.";
    assert_eq!(same.expect(400).hides(PASSWORD).error("password"), message);
    // Nothing has changed.
    assert!(visitor.is_signed_in());
    server.visitor().sign_in();
}

#[test]
fn wrong_current_passwords_count_like_failed_sign_ins() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.sign_in();
    for _ in 0..10 {
        change_password(&visitor, "wrong", OTHER, OTHER).expect(400);
    }
    let limited = change_password(&visitor, PASSWORD, OTHER, OTHER);
    assert!(limited.expect(429).header("retry-after").is_some());
    visitor.get("/admin").expect(200);
}

#[test]
fn sessions_are_listed_without_anything_that_would_open_them() {
    let server = InProcess::start(Settings::default());
    let firefox = server.visitor().with_header("User-Agent", FIREFOX);
    firefox.sign_in();
    server.clock.advance_millis(5 * 60_000);
    let visitor = server.visitor().with_header("User-Agent", "<b>curl</b>/8 curl/8.14.1");
    visitor.sign_in();
    let page = visitor.get("/admin/account");
    let rows = page.expect(200).hides("<b>").texts("tbody tr");
    assert_eq!(rows.len(), 2);
    assert!(rows[0].starts_with("curl This session 127.0.0.1"), "{}", rows[0]);
    assert!(rows[1].starts_with("Firefox on Linux 127.0.0.1"), "{}", rows[1]);
    assert!(rows[1].contains("12:00 UTC 5 minutes ago End"), "{}", rows[1]);
    for cookie in [visitor.cookie().unwrap(), firefox.cookie().unwrap()] {
        page.hides(&cookie).hides(&cookie[..16]);
    }
    // The name of a session is no cookie.
    let id = page.attribute("form[action$='/end']", "action").split('/').nth(4).unwrap().to_owned();
    let thief = server.visitor();
    thief.set_cookie(Some(&id.repeat(4)));
    thief.get("/admin").asks_to_sign_in();
}

#[test]
fn one_session_or_all_others_can_be_ended() {
    let server = InProcess::start(Settings::default());
    let visitors: Vec<Visitor> = (0..4).map(|_| server.visitor()).collect();
    visitors.iter().for_each(|visitor| drop(visitor.sign_in()));
    let [mine, others @ ..] = &visitors[..] else { unreachable!() };
    let page = mine.get("/admin/account");
    assert_eq!(page.expect(200).count("form[action$='/end']"), 3);
    let end = page.attribute("form[action$='/end']", "action");
    mine.post(&end, &[]).expect(303);
    mine.get("/admin/account").says("Session ended.");
    assert_eq!(others.iter().filter(|other| other.is_signed_in()).count(), 2);
    mine.post(&end, &[]).expect(303);
    mine.get("/admin/account").says("This session has already ended.");

    mine.post("/admin/account/sessions/end-others", &[]).expect(303);
    let page = mine.get("/admin/account");
    assert_eq!(page.says("Ended 2 sessions.").count("form[action*='/end']"), 0);
    assert!(others.iter().all(|other| !other.is_signed_in()) && mine.is_signed_in());
}

#[test]
fn visitors_of_a_demo_can_neither_change_the_password_nor_see_each_other() {
    let server = InProcess::start_demo(Settings::default());
    let (visitor, other) = (server.visitor(), server.visitor());
    other.sign_in();
    visitor.sign_in();
    let page = visitor.get("/admin/account");
    assert_eq!(page.expect(200).texts("tbody tr").len(), 1);
    page.says("You see only your own session").hides("/admin/account/password");
    visitor.get("/admin/account/password").expect(409);
    let fields = [("current", PASSWORD), ("password", OTHER), ("again", OTHER)];
    let refused = visitor.post("/admin/account/password", &fields);
    assert_eq!(refused.expect(409).text("h1"), "Not in a demo");
    visitor.post("/admin/account/sessions/end-others", &[]).expect(409);
    assert!(other.is_signed_in());
}
