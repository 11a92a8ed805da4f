//! The times that an onboarding's phases set by themselves.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::{Value, json};

use crate::support::{Client, InProcess};

/// A server with one customer, and an onboarding of it that takes patches a second apart.
struct Onboarding {
    server: InProcess,
    client: Client,
    path: String,
}

impl Onboarding {
    fn create(properties: Value) -> Self {
        let server = InProcess::start(Settings::default());
        let client = server.client(Mode::Live, Tier::Unlimited);
        client.customer("Aurora");
        let mut body = properties;
        body["customer_id"] = json!(1);
        let created = client.post("/onboardings", body).expect(201);
        let path = format!("/onboardings/{}", created["id"].as_str().unwrap());
        Self { server, client, path }
    }

    /// Its `started_at` and `completed_at`.
    fn times(&self) -> (Value, Value) {
        let onboarding = self.client.get(&self.path).expect(200);
        (onboarding["started_at"].clone(), onboarding["completed_at"].clone())
    }

    /// The same after a patch, which comes a second after what was before it.
    fn after(&self, patch: Value) -> (Value, Value) {
        self.server.clock.advance_millis(1000);
        let patched = self.client.patch(&self.path, patch).expect(200);
        let times = (patched["started_at"].clone(), patched["completed_at"].clone());
        assert_eq!(self.times(), times);
        times
    }
}

/// A time so many seconds after the server's start.
fn at(second: u8) -> Value {
    json!(format!("2026-01-01T12:00:{second:02}.000Z"))
}

const NONE: Value = Value::Null;

#[test]
fn leaving_the_first_phase_sets_when_it_started() {
    let onboarding = Onboarding::create(json!({}));
    assert_eq!(onboarding.times(), (NONE, NONE));
    assert_eq!(onboarding.after(json!({"phase": "before_getting_started"})), (NONE, NONE));
    assert_eq!(onboarding.after(json!({"state": "paused", "notes": "x"})), (NONE, NONE));
    assert_eq!(onboarding.after(json!({"phase": "review"})), (at(3), NONE));
    assert_eq!(onboarding.after(json!({"phase": "program_design"})), (at(3), NONE));
    // Only the first time counts.
    assert_eq!(onboarding.after(json!({"phase": "before_getting_started"})), (at(3), NONE));
    assert_eq!(onboarding.after(json!({"phase": "launch"})), (at(3), NONE));
}

#[test]
fn entering_and_leaving_the_last_phase_sets_and_clears_when_it_was_completed() {
    let onboarding = Onboarding::create(json!({"phase": "launch"}));
    assert_eq!(onboarding.times(), (at(0), NONE));
    assert_eq!(onboarding.after(json!({"phase": "completed"})), (at(0), at(1)));
    assert_eq!(onboarding.after(json!({"notes": "x"})), (at(0), at(1)));
    // It is in that phase already.
    assert_eq!(onboarding.after(json!({"phase": "completed"})), (at(0), at(1)));
    assert_eq!(onboarding.after(json!({"phase": "launch"})), (at(0), NONE));
    assert_eq!(onboarding.after(json!({"phase": "completed"})), (at(0), at(5)));
    assert_eq!(onboarding.after(json!({"phase": "before_getting_started"})), (at(0), NONE));
}

#[test]
fn an_onboarding_created_in_a_later_phase_has_its_times() {
    let completed = Onboarding::create(json!({"phase": "completed"}));
    assert_eq!(completed.times(), (at(0), at(0)));
    let sent = json!({"phase": "completed", "started_at": "2025-01-01", "completed_at": null});
    let sent = Onboarding::create(sent);
    assert_eq!(sent.times(), (json!("2025-01-01T00:00:00.000Z"), NONE));
    let first = Onboarding::create(json!({"started_at": "2025-01-01"}));
    assert_eq!(first.times(), (json!("2025-01-01T00:00:00.000Z"), NONE));
    assert_eq!(
        first.after(json!({"phase": "completed"})),
        (json!("2025-01-01T00:00:00.000Z"), at(1))
    );
}

#[test]
fn a_time_that_is_sent_is_not_replaced() {
    let onboarding = Onboarding::create(json!({}));
    let (early, late) = ("2025-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z");
    let sent = json!({"phase": "completed", "started_at": early, "completed_at": late});
    assert_eq!(onboarding.after(sent), (json!(early), json!(late)));
    // Leaving the phase keeps a time that is sent with the move, and only that one.
    let kept = json!({"phase": "launch", "completed_at": early});
    assert_eq!(onboarding.after(kept), (json!(early), json!(early)));
    assert_eq!(onboarding.after(json!({"phase": "completed"})), (json!(early), at(3)));
    let cleared = json!({"started_at": null, "completed_at": null});
    assert_eq!(onboarding.after(cleared), (NONE, NONE));

    let onboarding = Onboarding::create(json!({}));
    let unset = json!({"phase": "completed", "started_at": null, "completed_at": null});
    assert_eq!(onboarding.after(unset), (NONE, NONE));
}

#[test]
fn a_change_moves_its_time_on_even_when_the_clock_does_not() {
    let onboarding = Onboarding::create(json!({}));
    let updated_at = |patch: Value| {
        onboarding.client.patch(&onboarding.path, patch).expect(200)["updated_at"].clone()
    };
    let at_millis = |millis: u8| json!(format!("2026-01-01T12:00:00.{millis:03}Z"));
    for millis in 1..4 {
        assert_eq!(updated_at(json!({"notes": millis.to_string()})), at_millis(millis));
    }
    onboarding.server.clock.advance_millis(7000);
    assert_eq!(updated_at(json!({"notes": "x"})), at(7));
    onboarding.server.clock.jump_millis(-60_000);
    assert_eq!(updated_at(json!({"notes": "y"})), json!("2026-01-01T12:00:07.001Z"));
}
