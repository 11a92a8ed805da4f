//! How a wrong system clock affects limits, sessions, charts, and the dates of rows.

use std::sync::Arc;

use pivotal_server::model::clock::Clock;
use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::json;

use crate::support::{InProcess, PASSWORD, Response, Server, wait_until};

const DAY: i64 = 86_400_000;
const YEAR: i64 = 365 * DAY;

fn number(reply: &Response, name: &str) -> i64 {
    reply.header(name).unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

#[test]
fn a_clock_that_jumps_neither_resets_nor_extends_a_rate_limit() {
    let mut settings = Settings::default();
    settings.rate_limits.standard = 3;
    let server = InProcess::start(settings);
    let client = server.client(Mode::Live, Tier::Standard);
    client.get("/me").expect(200);
    server.clock.jump_millis(YEAR);
    for left in [1, 0] {
        let reply = client.get("/me");
        assert_eq!((reply.status, number(&reply, "x-ratelimit-remaining")), (200, left));
        assert_eq!(number(&reply, "x-ratelimit-reset"), server.clock.unix_seconds() + 60);
    }
    for jump in [0, -YEAR, -YEAR, 3 * YEAR] {
        server.clock.jump_millis(jump);
        let refused = client.get("/me");
        refused.refused(429, "rate_limited", None);
        assert_eq!(number(&refused, "retry-after"), 60);
        assert_eq!(number(&refused, "x-ratelimit-reset"), server.clock.unix_seconds() + 60);
    }
    server.clock.jump_millis(-2 * YEAR);
    server.clock.advance_millis(60_000);
    client.get("/me").expect(200);
}

#[test]
fn a_clock_that_jumps_does_not_extend_a_lockout_after_wrong_passwords() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.get("/admin/sign-in").expect(200);
    server.clock.jump_millis(YEAR);
    for _ in 0..10 {
        visitor.post("/admin/sign-in", &[("password", "a mistyped one")]).expect(403);
    }
    server.clock.jump_millis(-YEAR);
    let slowed = visitor.post("/admin/sign-in", &[("password", PASSWORD)]);
    let wait: i64 = slowed.expect(429).header("retry-after").unwrap().parse().unwrap();
    server.clock.advance_millis(wait * 1000);
    visitor.sign_in();
}

#[test]
fn the_length_of_a_session_does_not_depend_on_the_wall_clock() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.sign_in();
    server.clock.jump_millis(YEAR);
    assert!(visitor.is_signed_in());
    server.clock.jump_millis(-2 * YEAR);
    assert!(visitor.is_signed_in());
    server.clock.advance_millis(30 * 60_000);
    visitor.get("/admin").asks_to_sign_in();
}

#[test]
fn the_chart_and_the_uptime_are_right_after_the_wall_clock_is_set() {
    let server = InProcess::start(Settings::default());
    let client = server.client(Mode::Live, Tier::Unlimited);
    let visitor = server.visitor();
    visitor.sign_in();
    client.get("/me").expect(200);
    server.clock.advance_millis(120_000);
    client.get("/me").expect(200);
    for (jump, minutes) in [(0, ["12:00", "12:02"]), (5 * 3_600_000, ["17:00", "17:02"])] {
        server.clock.jump_millis(jump);
        let page = visitor.get("/admin");
        page.says("2 API requests in the last hour").says("2 minutes");
        let rows = page.texts("th[scope=row]");
        assert!(minutes.iter().all(|minute| rows.iter().any(|row| row == minute)), "{rows:?}");
    }
}

#[test]
fn rows_dated_ahead_of_the_clock_are_reported_until_it_catches_up() {
    let server = InProcess::start(Settings::default());
    let (client, health) = (server.client(Mode::Live, Tier::Unlimited), server.anonymous());
    let deep = || health.deep_health(200);
    let visitor = server.visitor();
    visitor.sign_in().hides("Dates ahead of the clock");
    server.clock.jump_millis(365 * DAY);
    client.customer("Aurora");
    let shown = deep();
    assert_eq!((&shown["status"], &shown["checks"]["clock"]), (&json!("ok"), &json!("ok")));
    server.clock.jump_millis(-365 * DAY + 3_600_000);
    let shown = deep();
    assert_eq!(shown["status"], "degraded");
    let said = shown["checks"]["clock"].as_str().unwrap();
    assert!(said.starts_with("new rows are dated 364 days ahead of the clock"), "{said}");
    visitor.get("/admin").shows("Dates ahead of the clock").shows("364 days ahead");
    // The report is correct.
    assert_eq!(client.customer("Borealis")["created_at"], "2027-01-01T12:00:00.000Z");
    server.clock.jump_millis(365 * DAY);
    assert_eq!(deep()["status"], "ok");
    visitor.get("/admin").hides("Dates ahead of the clock");
}

#[test]
fn rows_dated_ahead_are_logged_once_at_the_start_and_when_the_clock_catches_up() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.stop(), Some(0));
    let date_all = |days: i64| {
        let now = pivotal_server::model::clock::SystemClock.now().plus_millis(days * DAY);
        let sql = "UPDATE sequences SET created_at = ?1";
        assert!(server.sql().execute(sql, [now.as_micros()]).unwrap() > 0);
    };
    date_all(365);
    let server = Server::start_in(Arc::clone(&dir), &[]);
    let begun = "WARN  new rows are dated 364 days ahead of the machine's clock";
    wait_until("the warning is logged", || server.log().contains(begun));
    let deep = || server.anonymous().deep_health(200)["status"].clone();
    assert_eq!((deep(), deep()), (json!("degraded"), json!("degraded")));
    date_all(-1);
    assert_eq!(deep(), "ok");
    wait_until("the end is logged", || {
        server.log().contains("new rows are no longer dated ahead of the machine's clock")
    });
    assert_eq!(server.log().matches(begun).count(), 1);
}
