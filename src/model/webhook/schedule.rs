//! The retry schedule.

use std::time::Duration;

/// The delay before each attempt: the first is counted from the event, the others from the previous
/// attempt. The number of delays is the number of attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySchedule(Vec<Duration>);

/// The maximum random extension of a delay, as a fraction, so that retries spread out.
const MAX_JITTER: f64 = 0.1;
/// The maximum factor by which `Retry-After` can extend a delay.
const MAX_STRETCH: u32 = 2;
/// The maximum number of attempts.
pub const MAX_ATTEMPTS: usize = 50;

impl RetrySchedule {
    /// Returns `None` unless there are 1 to 50 delays.
    pub fn new(delays: Vec<Duration>) -> Option<Self> {
        (1..=MAX_ATTEMPTS).contains(&delays.len()).then_some(Self(delays))
    }

    pub fn delays(&self) -> &[Duration] {
        &self.0
    }

    /// Returns the delay before attempt `number`, counting from 1; `None` if there is no such
    /// attempt. `random` is from 0 to 1.
    pub fn delay_before(
        &self,
        number: usize,
        random: f64,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let step = *self.0.get(number.checked_sub(1)?)?;
        let delay = step.mul_f64(1.0 + MAX_JITTER * random.clamp(0.0, 1.0));
        Some(delay.max(retry_after.unwrap_or_default().min(step * MAX_STRETCH)))
    }

    /// Returns how far in the future attempt `number` can be due at most. If it is further ahead,
    /// the clock was set back.
    pub fn max_delay_before(&self, number: usize) -> Duration {
        let step = number.checked_sub(1).and_then(|index| self.0.get(index));
        step.copied().unwrap_or_default() * MAX_STRETCH
    }

    /// Returns the maximum time from an event to its last attempt.
    pub fn span(&self) -> Duration {
        self.0.iter().sum::<Duration>() * MAX_STRETCH
    }
}

impl Default for RetrySchedule {
    /// Svix's: eight attempts, the last about 24 hours after the first.
    fn default() -> Self {
        let seconds =
            [0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 6 * 3600 + 24 * 60 + 55];
        Self(seconds.map(Duration::from_secs).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_default_has_eight_attempts_within_a_day() {
        let schedule = RetrySchedule::default();
        assert_eq!(schedule.delay_before(1, 0.5, None), Some(seconds(0)));
        assert_eq!(schedule.delay_before(2, 0.0, None), Some(seconds(5)));
        assert_eq!(schedule.delay_before(2, 1.0, None), Some(Duration::from_millis(5500)));
        assert_eq!(schedule.delay_before(9, 0.0, None), None);
        assert_eq!(schedule.delay_before(0, 0.0, None), None);
        assert_eq!(schedule.delays().iter().sum::<Duration>(), seconds(24 * 3600));
    }

    #[test]
    fn retry_after_delays_an_attempt_by_up_to_twice_its_step_and_never_hurries_it() {
        let schedule = RetrySchedule::default();
        let after = |retry_after| schedule.delay_before(3, 0.0, Some(seconds(retry_after)));
        assert_eq!(after(1), Some(seconds(300)));
        assert_eq!(after(400), Some(seconds(400)));
        assert_eq!(after(86_400), Some(seconds(600)));
        assert_eq!(schedule.max_delay_before(3), seconds(600));
    }

    #[test]
    fn a_schedule_has_one_to_fifty_attempts() {
        assert!(RetrySchedule::new(Vec::new()).is_none());
        assert!(RetrySchedule::new(vec![seconds(0); 50]).is_some());
        assert!(RetrySchedule::new(vec![seconds(0); 51]).is_none());
    }
}
