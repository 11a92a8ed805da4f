//! Clocks: wall time for what is stored or shown, monotonic time for windows, schedules and waits.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use super::values::time::Timestamp;

/// A point in time that is not affected by setting the machine's clock, in microseconds since an
/// origin that only this process knows. It may stand still while the machine is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(i64);

impl Monotonic {
    /// Microseconds since the origin; negative ones are before it.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the origin.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// The time that has passed since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// The point so much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// The point so much earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Where time comes from; tests bring a clock of their own.
pub trait Clock: Send + Sync {
    /// The wall time. It jumps when the machine's clock is set.
    fn now(&self) -> Timestamp;

    /// The monotonic time.
    fn monotonic(&self) -> Monotonic;

    /// Waits until that point, which a caller computes from the time that it has acted on: so it
    /// misses nothing that happens in between.
    fn sleep_until(&self, deadline: Monotonic) -> BoxFuture<'static, ()>;

    /// Waits until so much monotonic time has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep_until(self.monotonic().plus(duration))
    }
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        OffsetDateTime::now_utc().into()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(micros(ORIGIN.elapsed()))
    }

    fn sleep_until(&self, deadline: Monotonic) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(deadline.since(self.monotonic())))
    }
}

/// Clocks that stand still, for unit tests.
#[cfg(test)]
pub(crate) struct Stopped(pub Timestamp, pub Monotonic);

#[cfg(test)]
impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn monotonic(&self) -> Monotonic {
        self.1
    }

    fn sleep_until(&self, _: Monotonic) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_arithmetic_saturates_and_no_time_has_passed_since_a_later_point() {
        let start = Monotonic::from_micros(5);
        let later = start.plus(Duration::from_secs(1));
        assert_eq!(later.since(start), Duration::from_secs(1));
        assert_eq!(start.since(later), Duration::ZERO);
        assert_eq!(later.minus(Duration::from_secs(1)), start);
        assert_eq!(start.plus(Duration::MAX).as_micros(), i64::MAX);
        assert!(start.minus(Duration::MAX).as_micros() < 0);
    }

    #[test]
    fn the_machines_monotonic_clock_does_not_go_back() {
        let first = SystemClock.monotonic();
        assert!(SystemClock.monotonic() >= first);
    }
}
