//! Clocks: wall time for stored and displayed times, monotonic time for rate-limit windows,
//! schedules, and waits.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use super::values::time::Timestamp;

/// A point in time that setting the machine's clock doesn't affect, in microseconds since an
/// arbitrary origin that differs between processes. May not advance while the machine is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic(i64);

impl Monotonic {
    /// Negative values are before the origin.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns the time elapsed since `earlier`, or zero if `earlier` is later than `self`.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// A source of time that tests can replace.
pub trait Clock: Send + Sync {
    /// Returns the wall time, which jumps when the machine's clock is set.
    fn now(&self) -> Timestamp;

    fn monotonic(&self) -> Monotonic;

    /// Waits until `deadline`. A caller computes it from the time it last acted at rather than
    /// from the current time, so nothing that happens in between is missed.
    fn sleep_until(&self, deadline: Monotonic) -> BoxFuture<'static, ()>;

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep_until(self.monotonic().plus(duration))
    }
}

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

/// A clock that never advances, for unit tests.
#[cfg(test)]
pub(crate) struct FixedClock(pub Timestamp, pub Monotonic);

#[cfg(test)]
impl Clock for FixedClock {
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
    fn monotonic_arithmetic_saturates_and_elapsed_time_is_never_negative() {
        let start = Monotonic::from_micros(5);
        let later = start.plus(Duration::from_secs(1));
        assert_eq!(later.since(start), Duration::from_secs(1));
        assert_eq!(start.since(later), Duration::ZERO);
        assert_eq!(later.minus(Duration::from_secs(1)), start);
        assert_eq!(start.plus(Duration::MAX).as_micros(), i64::MAX);
        assert!(start.minus(Duration::MAX).as_micros() < 0);
    }

    #[test]
    fn the_system_clocks_monotonic_time_never_goes_backwards() {
        let first = SystemClock.monotonic();
        assert!(SystemClock.monotonic() >= first);
    }
}
