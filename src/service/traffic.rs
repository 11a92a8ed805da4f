//! Counts the API's requests and errors in each minute of the last hour. `access_log` counts them,
//! and the overview page shows them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::clock::Monotonic;
use crate::model::values::time::Timestamp;

/// The number of minutes that are kept.
const MINUTES: usize = 60;
/// A minute in microseconds.
const MINUTE: i64 = 60_000_000;

pub(crate) struct Traffic {
    /// How far the wall clock was ahead of the monotonic one when counting began, in microseconds,
    /// so that minutes start where they did on the wall clock.
    offset: i64,
    /// Each minute is in the slot of its number modulo 60.
    minutes: Mutex<[Counts; MINUTES]>,
}

/// The counts of one minute.
#[derive(Clone, Copy, Default)]
struct Counts {
    /// Minutes since 1970.
    minute: i64,
    all: u32,
    client_errors: u32,
    server_errors: u32,
}

/// A minute and its counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Minute {
    pub start: Timestamp,
    pub all: u32,
    /// Responses with a status from 400 to 499.
    pub client_errors: u32,
    /// Responses with a status of 500 or more.
    pub server_errors: u32,
}

fn slot(minute: i64) -> usize {
    minute.rem_euclid(MINUTES as i64) as usize
}

impl Traffic {
    pub fn new(wall: Timestamp, now: Monotonic) -> Self {
        Self {
            offset: wall.as_micros().saturating_sub(now.as_micros()),
            minutes: Mutex::new([Counts::default(); MINUTES]),
        }
    }

    /// Counts a request by the status of its response.
    pub fn record(&self, status: u16, now: Monotonic) {
        let minute = self.micros(now).div_euclid(MINUTE);
        let mut minutes = self.minutes();
        let counts = &mut minutes[slot(minute)];
        if counts.minute != minute {
            *counts = Counts { minute, ..Counts::default() };
        }
        counts.all += 1;
        match status {
            400..500 => counts.client_errors += 1,
            500.. => counts.server_errors += 1,
            _ => {}
        }
    }

    /// Returns the last sixty minutes, oldest first, including the current one. The minutes are
    /// dated by the current wall clock, to the nearest minute if it was changed since counting
    /// began.
    pub fn last_hour(&self, wall: Timestamp, now: Monotonic) -> [Minute; MINUTES] {
        let now = self.micros(now);
        let current = now.div_euclid(MINUTE);
        let adjusted_by = wall.as_micros().saturating_sub(now);
        let minutes_later = adjusted_by.saturating_add(MINUTE / 2).div_euclid(MINUTE);
        let minutes = *self.minutes();
        std::array::from_fn(|n| {
            let minute = current - (MINUTES - 1 - n) as i64;
            let counts = minutes[slot(minute)];
            let counts = if counts.minute == minute { counts } else { Counts::default() };
            Minute {
                start: Timestamp::from_micros((minute + minutes_later).saturating_mul(MINUTE)),
                all: counts.all,
                client_errors: counts.client_errors,
                server_errors: counts.server_errors,
            }
        })
    }

    fn minutes(&self) -> MutexGuard<'_, [Counts; MINUTES]> {
        self.minutes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn micros(&self, now: Monotonic) -> i64 {
        now.as_micros().saturating_add(self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns 2026-01-01 plus this many seconds.
    fn wall(seconds: i64) -> Timestamp {
        Timestamp::parse("2026-01-01").unwrap().plus_millis(seconds * 1000)
    }

    /// The same time on the monotonic clock, whose minutes start at a different second.
    fn at(seconds: i64) -> Monotonic {
        Monotonic::from_micros((seconds + 7_017) * 1_000_000)
    }

    fn traffic() -> Traffic {
        Traffic::new(wall(0), at(0))
    }

    /// Returns the minutes with requests: the second at which each starts, and its counts.
    fn busy(traffic: &Traffic, seconds: i64) -> Vec<(i64, u32, u32, u32)> {
        let zero = wall(0).as_micros();
        let hour = traffic.last_hour(wall(seconds), at(seconds));
        let began = |minute: &Minute| (minute.start.as_micros() - zero) / 1_000_000;
        let minutes = hour.iter().filter(|minute| minute.all > 0);
        minutes.map(|m| (began(m), m.all, m.client_errors, m.server_errors)).collect()
    }

    #[test]
    fn requests_are_counted_per_minute_and_status_class() {
        let traffic = traffic();
        for (status, seconds) in [(200, 0), (201, 59), (404, 59), (500, 60), (503, 61), (429, 119)]
        {
            traffic.record(status, at(seconds));
        }
        assert_eq!(busy(&traffic, 119), [(0, 3, 1, 0), (60, 3, 1, 2)]);
    }

    #[test]
    fn the_hour_ends_with_the_current_minute() {
        let hour = traffic().last_hour(wall(90), at(90));
        assert_eq!((hour[0].start, hour[59].start), (wall(60 - 59 * 60), wall(60)));
        assert!(hour.iter().all(|minute| minute.all == 0));
    }

    #[test]
    fn a_minute_is_dropped_after_an_hour_and_its_slot_is_reused() {
        let traffic = traffic();
        traffic.record(500, at(0));
        assert_eq!(busy(&traffic, 59 * 60 + 59).len(), 1);
        assert!(busy(&traffic, 60 * 60).is_empty());
        traffic.record(200, at(60 * 60));
        assert_eq!(busy(&traffic, 60 * 60), [(3600, 1, 0, 0)]);
    }

    #[test]
    fn counts_older_than_an_hour_are_dropped_after_a_quiet_period() {
        let traffic = traffic();
        traffic.record(200, at(0));
        traffic.record(200, at(90 * 60));
        assert_eq!(busy(&traffic, 90 * 60), [(5400, 1, 0, 0)]);
        assert!(busy(&traffic, 86_400 * 365).is_empty());
    }

    #[test]
    fn setting_the_wall_clock_shifts_the_minutes_and_loses_none() {
        const YEAR: i64 = 365 * 86_400;
        let traffic = traffic();
        for second in [0, 60, 61] {
            traffic.record(200, at(second));
        }
        for set_by in [YEAR, YEAR + 29, YEAR - 29, -YEAR, -3 * 3600 + 10, 0] {
            let hour = traffic.last_hour(wall(61 + set_by), at(61));
            let counts = hour.map(|minute| minute.all);
            assert_eq!((counts[58], counts[59], counts.iter().sum::<u32>()), (1, 2, 3));
            let apart = hour[59].start.as_micros() - wall(60 + set_by).as_micros();
            assert!(apart.abs() <= MINUTE / 2, "{set_by} {apart}");
            assert_eq!(hour[59].start.as_micros() % MINUTE, 0);
        }
    }

    #[test]
    fn times_before_1970_work_too() {
        let before = Timestamp::parse("1969-12-31T23:59:30Z").unwrap();
        let traffic = Traffic::new(before, at(0));
        traffic.record(200, at(0));
        assert_eq!(traffic.last_hour(before, at(0))[59].all, 1);
        assert_eq!(traffic.last_hour(before.plus_millis(30_000), at(30))[58].all, 1);
    }

    #[test]
    fn no_request_is_lost_with_many_threads_and_minutes() {
        const EACH: u32 = 30_000;
        let traffic = traffic();
        // Fill every slot with a count that is an hour old and must be replaced.
        for minute in 0..60 {
            traffic.record(500, at(minute * 60 - 3600));
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..EACH {
                        let status = if n % 2 == 0 { 200 } else { 404 };
                        traffic.record(status, at(i64::from(n) * 60 / 500));
                    }
                });
            }
        });
        let hour = traffic.last_hour(wall(59 * 60), at(59 * 60));
        assert_eq!(hour.iter().map(|minute| minute.all).sum::<u32>(), 4 * EACH);
        assert_eq!(hour.iter().map(|minute| minute.client_errors).sum::<u32>(), 2 * EACH);
        // The first request of each minute reset the slot.
        assert!(hour.iter().all(|minute| minute.all == 2000 && minute.server_errors == 0));
    }
}
