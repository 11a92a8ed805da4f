//! What a machine whose clock is wrong does to limits, sessions and charts.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;

use crate::support::{InProcess, PASSWORD, Reply};

const DAY: i64 = 86_400_000;
const YEAR: i64 = 365 * DAY;

fn number(reply: &Reply, name: &str) -> i64 {
    reply.header(name).unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

#[test]
fn a_clock_that_jumps_ahead_and_back_neither_frees_a_key_nor_holds_it_back() {
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
fn a_clock_that_jumps_ahead_and_back_does_not_lock_out_who_mistyped_a_password() {
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
fn a_session_lasts_as_long_as_it_should_whatever_the_wall_clock_says() {
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
fn the_chart_keeps_its_requests_and_the_uptime_is_true_when_the_wall_clock_is_set() {
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
        page.shows("The API answered 2 requests in the last hour").shows("<dd>2 minutes<br>");
        for minute in minutes {
            page.shows(&format!("<th scope=\"row\">{minute}</th>"));
        }
    }
}
