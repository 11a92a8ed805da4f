//! A clock that tests can set, advance, and freeze.

use std::ops::Range;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::model::clock::{Clock, Monotonic, SystemClock};
use crate::model::test_control::clock::{ClockChange, ClockMovement};
use crate::model::values::time::Timestamp;

/// What a time must be that the clock is set to; completes the sentence "must be …". Deliveries and
/// expiry times must fit around it.
pub(crate) const ALLOWED: &str = "in the years 2000 to 8999";
/// The same, in microseconds since the Unix epoch.
const YEARS: Range<i64> = 946_684_800_000_000..221_845_392_000_000_000;

/// Follows the machine's clocks at an offset, or is frozen. Moving the wall clock forward moves the
/// monotonic clock by the same amount, and moving it back leaves the monotonic clock as it is.
/// Sleeping tasks wake when they should.
pub(crate) struct TestClock {
    state: watch::Sender<State>,
}

#[derive(Clone, Copy)]
struct State {
    /// The times since which the clock has been running, or at which it is frozen.
    wall: Timestamp,
    monotonic: Monotonic,
    /// The machine's monotonic time at that moment; `None` if the clock is frozen.
    since: Option<Monotonic>,
}

/// The time to show, and whether the clock is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockStatus {
    pub now: Timestamp,
    pub frozen: bool,
}

/// The clock can't be set to that time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange;

impl State {
    /// Returns the state as of now.
    fn current(self) -> Self {
        let Some(since) = self.since else { return self };
        let machine = SystemClock.monotonic();
        let passed = machine.since(since);
        Self {
            wall: self.wall.plus(passed),
            monotonic: self.monotonic.plus(passed),
            since: Some(machine),
        }
    }
}

impl Default for TestClock {
    fn default() -> Self {
        let monotonic = SystemClock.monotonic();
        let state = State { wall: SystemClock.now(), monotonic, since: Some(monotonic) };
        Self { state: watch::Sender::new(state) }
    }
}

impl TestClock {
    pub fn status(&self) -> ClockStatus {
        let state = self.state.borrow().current();
        ClockStatus { now: state.wall, frozen: state.since.is_none() }
    }

    /// Applies a change and returns the result of it.
    pub fn change(&self, change: ClockChange) -> Result<ClockStatus, OutOfRange> {
        let mut result = Err(OutOfRange);
        self.state.send_if_modified(|state| {
            let current = state.current();
            let wall = match change.movement {
                None => current.wall,
                Some(ClockMovement::To(now)) => now,
                Some(ClockMovement::By(by)) => current.wall.plus(by),
            };
            if !YEARS.contains(&wall.as_micros()) {
                return false;
            }
            let monotonic = current.monotonic.plus(wall.since(current.wall));
            let frozen = change.frozen.unwrap_or(state.since.is_none());
            let since = (!frozen).then(|| SystemClock.monotonic());
            *state = State { wall, monotonic, since };
            result = Ok(ClockStatus { now: wall, frozen });
            true
        });
        result
    }

    /// Follows the machine's clock again.
    pub fn reset(&self) {
        self.state.send_modify(|state| {
            let (current, wall) = (state.current(), SystemClock.now());
            let monotonic = current.monotonic.plus(wall.since(current.wall));
            *state = State { wall, monotonic, since: Some(SystemClock.monotonic()) };
        });
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.state.borrow().current().wall
    }

    fn monotonic(&self) -> Monotonic {
        self.state.borrow().current().monotonic
    }

    fn sleep_until(&self, deadline: Monotonic) -> BoxFuture<'static, ()> {
        let mut changes = self.state.subscribe();
        Box::pin(async move {
            loop {
                let state = changes.borrow_and_update().current();
                if state.monotonic >= deadline {
                    return;
                }
                let left = async {
                    match state.since {
                        Some(_) => tokio::time::sleep(deadline.since(state.monotonic)).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = left => {}
                    changed = changes.changed() => {
                        // Without its clock, time never passes.
                        if changed.is_err() {
                            return std::future::pending().await;
                        }
                    }
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn set(now: &str) -> ClockChange {
        let movement = Some(ClockMovement::To(Timestamp::parse(now).unwrap()));
        ClockChange { movement, frozen: Some(true) }
    }

    fn advance(by: Duration) -> ClockChange {
        ClockChange { movement: Some(ClockMovement::By(by)), frozen: None }
    }

    #[test]
    fn both_clocks_advance_together_and_monotonic_time_never_goes_back() {
        let clock = TestClock::default();
        clock.change(set("2030-01-01T12:00:00Z")).unwrap();
        let (wall, monotonic) = (clock.now(), clock.monotonic());
        assert_eq!(wall.to_string(), "2030-01-01T12:00:00.000Z");
        clock.change(advance(HOUR)).unwrap();
        assert_eq!((clock.now().since(wall), clock.monotonic().since(monotonic)), (HOUR, HOUR));
        let later = clock.monotonic();
        clock.change(set("2029-01-01")).unwrap();
        assert_eq!(clock.now().to_string(), "2029-01-01T00:00:00.000Z");
        assert_eq!(clock.monotonic(), later);
    }

    #[test]
    fn a_frozen_clock_stands_still_and_a_running_one_continues_from_there() {
        let clock = TestClock::default();
        assert!(!clock.status().frozen);
        let frozen = clock.change(ClockChange { movement: None, frozen: Some(true) }).unwrap();
        assert_eq!((clock.now(), clock.status()), (frozen.now, frozen));
        let running = clock.change(ClockChange { movement: None, frozen: Some(false) }).unwrap();
        assert_eq!(running, ClockStatus { now: frozen.now, frozen: false });
        let start = clock.monotonic();
        while clock.monotonic() == start {}
        assert!(clock.now() > frozen.now);
    }

    #[test]
    fn a_reset_clock_follows_the_machine_again() {
        let clock = TestClock::default();
        clock.change(set("2050-01-01")).unwrap();
        let monotonic = clock.monotonic();
        clock.reset();
        assert!(clock.now().since(SystemClock.now()) < HOUR && !clock.status().frozen);
        assert!(clock.monotonic() >= monotonic);
    }

    #[test]
    fn times_that_leave_no_room_for_schedules_are_refused() {
        let clock = TestClock::default();
        for bad in ["1999-12-31T23:59:59Z", "9000-01-01"] {
            assert_eq!(clock.change(set(bad)), Err(OutOfRange), "{bad}");
        }
        assert_eq!(clock.change(advance(Duration::MAX)), Err(OutOfRange));
        assert!(!clock.status().frozen, "a refused change changes nothing");
        clock.change(set("2000-01-01")).unwrap();
        clock.change(set("8999-12-31")).unwrap();
    }

    #[actix_web::test]
    async fn a_sleeper_wakes_when_the_clock_passes_its_deadline() {
        let clock = TestClock::default();
        clock.change(set("2030-01-01")).unwrap();
        let mut sleeper = clock.sleep(HOUR);
        assert!((&mut sleeper).now_or_never().is_none());
        clock.change(advance(HOUR / 2)).unwrap();
        assert!((&mut sleeper).now_or_never().is_none());
        clock.change(advance(HOUR / 2)).unwrap();
        sleeper.await;
        // A running clock doesn't have to be moved.
        clock.change(ClockChange { movement: None, frozen: Some(false) }).unwrap();
        clock.sleep(Duration::from_millis(1)).await;
    }
}
