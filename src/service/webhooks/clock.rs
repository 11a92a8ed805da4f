//! The clock that decides when deliveries are due. It follows the wall clock but never goes
//! backward, so setting the clock back delays no deliveries.

use crate::model::clock::{Clock, Monotonic};
use crate::model::values::time::Timestamp;

pub(super) struct DueClock {
    last: Timestamp,
    read_at: Monotonic,
}

impl DueClock {
    pub fn new(clock: &dyn Clock) -> Self {
        Self { last: clock.now(), read_at: clock.monotonic() }
    }

    pub fn now(&mut self, clock: &dyn Clock) -> Timestamp {
        let monotonic = clock.monotonic();
        let passed = monotonic.since(self.read_at).as_micros();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let at_least = Timestamp::from_micros(self.last.as_micros().saturating_add(passed));
        self.last = clock.now().max(at_least);
        self.read_at = monotonic;
        self.last
    }

    /// Returns the monotonic time of the last call of `now`.
    pub fn read_at(&self) -> Monotonic {
        self.read_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::FixedClock;

    #[test]
    fn time_keeps_advancing_when_the_clock_is_set_back_and_follows_it_forward() {
        let at = |wall, monotonic| {
            FixedClock(Timestamp::from_micros(wall), Monotonic::from_micros(monotonic))
        };
        let mut clock = DueClock::new(&at(1000, 0));
        assert_eq!(clock.now(&at(400, 50)).as_micros(), 1050);
        assert_eq!(clock.now(&at(500, 150)).as_micros(), 1150);
        assert_eq!(clock.now(&at(5000, 160)).as_micros(), 5000);
    }
}
