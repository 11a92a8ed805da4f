//! The times that an onboarding's phase changes set automatically.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::{Value, json};

use crate::support::{Client, InProcess};

/// A server with one customer and one onboarding, which can be patched at one-second intervals.
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

    /// Returns `started_at` and `completed_at`.
    fn times(&self) -> (Value, Value) {
        let onboarding = self.client.get(&self.path).expect(200);
        (onboarding["started_at"].clone(), onboarding["completed_at"].clone())
    }

    /// Sends a patch one second after the previous one, then returns the times.
    fn after_patch(&self, patch: Value) -> (Value, Value) {
        self.server.clock.advance_millis(1000);
        let patched = self.client.patch(&self.path, patch).expect(200);
        let times = (patched["started_at"].clone(), patched["completed_at"].clone());
        assert_eq!(self.times(), times);
        times
    }
}

/// The time that many seconds after the server's start.
fn seconds_after_start(second: u8) -> Value {
    json!(format!("2026-01-01T12:00:{second:02}.000Z"))
}

const NONE: Value = Value::Null;

#[test]
fn leaving_the_first_phase_sets_started_at() {
    let onboarding = Onboarding::create(json!({}));
    assert_eq!(onboarding.times(), (NONE, NONE));
    assert_eq!(onboarding.after_patch(json!({"phase": "before_getting_started"})), (NONE, NONE));
    assert_eq!(onboarding.after_patch(json!({"state": "paused", "notes": "x"})), (NONE, NONE));
    assert_eq!(onboarding.after_patch(json!({"phase": "review"})), (seconds_after_start(3), NONE));
    assert_eq!(
        onboarding.after_patch(json!({"phase": "program_design"})),
        (seconds_after_start(3), NONE)
    );
    // Only the first time counts.
    assert_eq!(
        onboarding.after_patch(json!({"phase": "before_getting_started"})),
        (seconds_after_start(3), NONE)
    );
    assert_eq!(onboarding.after_patch(json!({"phase": "launch"})), (seconds_after_start(3), NONE));
}

#[test]
fn completed_at_is_set_on_entering_the_last_phase_and_cleared_on_leaving_it() {
    let onboarding = Onboarding::create(json!({"phase": "launch"}));
    assert_eq!(onboarding.times(), (seconds_after_start(0), NONE));
    assert_eq!(
        onboarding.after_patch(json!({"phase": "completed"})),
        (seconds_after_start(0), seconds_after_start(1))
    );
    assert_eq!(
        onboarding.after_patch(json!({"notes": "x"})),
        (seconds_after_start(0), seconds_after_start(1))
    );
    // It is already in that phase.
    assert_eq!(
        onboarding.after_patch(json!({"phase": "completed"})),
        (seconds_after_start(0), seconds_after_start(1))
    );
    assert_eq!(onboarding.after_patch(json!({"phase": "launch"})), (seconds_after_start(0), NONE));
    assert_eq!(
        onboarding.after_patch(json!({"phase": "completed"})),
        (seconds_after_start(0), seconds_after_start(5))
    );
    assert_eq!(
        onboarding.after_patch(json!({"phase": "before_getting_started"})),
        (seconds_after_start(0), NONE)
    );
}

#[test]
fn an_onboarding_created_in_a_later_phase_has_its_times() {
    let completed = Onboarding::create(json!({"phase": "completed"}));
    assert_eq!(completed.times(), (seconds_after_start(0), seconds_after_start(0)));
    let sent = json!({"phase": "completed", "started_at": "2025-01-01", "completed_at": null});
    let sent = Onboarding::create(sent);
    assert_eq!(sent.times(), (json!("2025-01-01T00:00:00.000Z"), NONE));
    let first = Onboarding::create(json!({"started_at": "2025-01-01"}));
    assert_eq!(first.times(), (json!("2025-01-01T00:00:00.000Z"), NONE));
    assert_eq!(
        first.after_patch(json!({"phase": "completed"})),
        (json!("2025-01-01T00:00:00.000Z"), seconds_after_start(1))
    );
}

#[test]
fn a_time_that_the_client_sends_is_not_replaced() {
    let onboarding = Onboarding::create(json!({}));
    let (early, late) = ("2025-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z");
    let sent = json!({"phase": "completed", "started_at": early, "completed_at": late});
    assert_eq!(onboarding.after_patch(sent), (json!(early), json!(late)));
    // Leaving the phase keeps only a time that is sent in the same patch.
    let kept = json!({"phase": "launch", "completed_at": early});
    assert_eq!(onboarding.after_patch(kept), (json!(early), json!(early)));
    assert_eq!(
        onboarding.after_patch(json!({"phase": "completed"})),
        (json!(early), seconds_after_start(3))
    );
    let cleared = json!({"started_at": null, "completed_at": null});
    assert_eq!(onboarding.after_patch(cleared), (NONE, NONE));

    let onboarding = Onboarding::create(json!({}));
    let unset = json!({"phase": "completed", "started_at": null, "completed_at": null});
    assert_eq!(onboarding.after_patch(unset), (NONE, NONE));
}

#[test]
fn updated_at_increases_even_if_the_clock_does_not() {
    let onboarding = Onboarding::create(json!({}));
    let updated_at = |patch: Value| {
        onboarding.client.patch(&onboarding.path, patch).expect(200)["updated_at"].clone()
    };
    let at_millis = |millis: u8| json!(format!("2026-01-01T12:00:00.{millis:03}Z"));
    for millis in 1..4 {
        assert_eq!(updated_at(json!({"notes": millis.to_string()})), at_millis(millis));
    }
    onboarding.server.clock.advance_millis(7000);
    assert_eq!(updated_at(json!({"notes": "x"})), seconds_after_start(7));
    onboarding.server.clock.jump_millis(-60_000);
    assert_eq!(updated_at(json!({"notes": "y"})), json!("2026-01-01T12:00:07.001Z"));
}
