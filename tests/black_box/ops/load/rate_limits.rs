//! Rate limits, with a clock that the test controls.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::{RateLimits, Settings};

use crate::support::{Client, InProcess, Response};

fn start(change: impl FnOnce(&mut RateLimits)) -> InProcess {
    let mut settings = Settings::default();
    change(&mut settings.rate_limits);
    InProcess::start(settings)
}

fn number(reply: &Response, name: &str) -> i64 {
    reply.header(name).unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

fn limit(client: &Client) -> i64 {
    number(&client.get("/me"), "x-ratelimit-limit")
}

#[test]
fn each_mode_and_tier_has_its_limit() {
    let server = start(|_| {});
    assert_eq!(limit(&server.client(Mode::Live, Tier::Standard)), 60);
    assert_eq!(limit(&server.client(Mode::Test, Tier::Standard)), 30);
    assert_eq!(limit(&server.client(Mode::Live, Tier::Paid)), 600);
    let unlimited = server.client(Mode::Live, Tier::Unlimited).get("/me");
    unlimited.expect(200);
    let headers = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    assert!(headers.iter().all(|name| unlimited.header(name).is_none()));
}

#[test]
fn a_429_says_how_long_to_wait_and_waiting_that_long_is_enough() {
    let server = start(|limits| limits.standard = 3);
    let client = server.client(Mode::Live, Tier::Standard);
    for left in [2, 1, 0] {
        let reply = client.get("/me");
        assert_eq!(reply.status, 200);
        assert_eq!(number(&reply, "x-ratelimit-remaining"), left);
        server.clock.advance_millis(5_000);
    }
    let refused = client.get("/me");
    let wait = number(&refused, "retry-after");
    let error = refused.refused(429, "rate_limited", None);
    assert_eq!(wait, 45);
    assert_eq!(error["message"], "Rate limit exceeded. Retry after 45 s.");
    assert_eq!(number(&refused, "x-ratelimit-remaining"), 0);
    assert_eq!(number(&refused, "x-ratelimit-reset"), server.clock.unix_seconds() + wait);
    server.clock.advance_millis(wait * 1000 - 1);
    client.get("/me").refused(429, "rate_limited", None);
    server.clock.advance_millis(1);
    client.get("/me").expect(200);
    // Only the first of the three requests has left the window.
    client.get("/me").refused(429, "rate_limited", None);
}

#[test]
fn requests_at_the_end_of_a_minute_still_count_in_the_next() {
    let server = start(|limits| limits.test = 5);
    let client = server.client(Mode::Test, Tier::Standard);
    server.clock.advance_millis(59_500);
    for _ in 0..5 {
        client.get("/me").expect(200);
    }
    server.clock.advance_millis(1_000);
    assert_eq!(number(&client.get("/me"), "retry-after"), 59);
    server.clock.advance_millis(59_000);
    client.get("/me").expect(200);
}

#[test]
fn failed_requests_count_but_unauthenticated_ones_do_not() {
    let server = start(|limits| limits.standard = 4);
    let client = server.client(Mode::Live, Tier::Standard);
    client.get("/customers/1").refused(404, "customer_not_found", None);
    client.post("/customers", serde_json::json!({})).refused(400, "missing_field", "name");
    for _ in 0..5 {
        server.anonymous().get("/me").refused(401, "missing_api_key", None);
        let health = client.get("/health");
        health.expect(200);
        assert_eq!(health.header("x-ratelimit-limit"), None);
    }
    let key = [("Idempotency-Key", "once")];
    let body = br#"{"name":"Aurora"}"#;
    client.send("POST", "/customers", &key, Some(body)).expect(201);
    let replay = client.send("POST", "/customers", &key, Some(body));
    assert_eq!((replay.status, number(&replay, "x-ratelimit-remaining")), (201, 0));
    for _ in 0..3 {
        client.get("/me").refused(429, "rate_limited", None);
    }
    server.clock.advance_millis(60_000);
    assert_eq!(number(&client.get("/me"), "x-ratelimit-remaining"), 3);
}

#[test]
fn every_authenticated_response_has_the_rate_limit_headers() {
    let server = start(|_| {});
    let client = server.client(Mode::Live, Tier::Standard);
    for reply in
        [client.get("/customers"), client.get("/customers/x"), client.delete("/contacts/1")]
    {
        assert!(number(&reply, "x-ratelimit-remaining") < 60);
        assert!(number(&reply, "x-ratelimit-reset") > server.clock.unix_seconds());
        assert_eq!(reply.header("retry-after"), None);
    }
}

#[test]
fn rate_limits_can_be_turned_off() {
    let server = start(|limits| (limits.enabled, limits.standard) = (false, 1));
    let client = server.client(Mode::Live, Tier::Standard);
    for _ in 0..5 {
        let reply = client.get("/me");
        reply.expect(200);
        assert_eq!(reply.header("x-ratelimit-limit"), None);
    }
}
