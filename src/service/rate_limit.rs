//! Sliding windows of a minute: how many requests each key has left, and how many failed
//! verifications each client address.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::clock::Monotonic;
use crate::model::values::time::Timestamp;

/// The length of the window, in milliseconds.
const WINDOW: i64 = 60_000;
/// Parts of a window, and how long each is. The requests of a part leave the window together,
/// when the last of them does: no minute ever holds more than the limit, and a client is held
/// back for at most one part longer than a list of every request would hold it.
const PARTS: usize = 16;
const PART: i64 = WINDOW / PARTS as i64;
/// One part more than a window has, since a window rarely begins with a part.
const SLOTS: usize = PARTS + 1;

/// What is left of a limit after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Requests in any minute.
    pub limit: u32,
    /// Requests that could follow at once.
    pub remaining: u32,
    /// How long it is until a request leaves the window.
    pub resets_in: Duration,
}

impl Budget {
    /// When a request leaves the window, in Unix time, rounded up to whole seconds.
    pub fn reset_at(self, now: Timestamp) -> i64 {
        let left = i64::try_from(self.resets_in.as_micros()).unwrap_or(i64::MAX);
        let reset = now.as_micros().saturating_add(left);
        reset.div_euclid(1_000_000) + i64::from(reset.rem_euclid(1_000_000) > 0)
    }
}

/// Whether a request is within its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is, and was counted.
    Within(Budget),
    /// It is not, and will be after so many seconds (at least 1).
    Beyond(Budget, i64),
}

/// The requests of the last minute: 144 bytes, whatever their number.
#[derive(Clone, Debug)]
struct Window {
    /// The part in which the last request was made, counted from the clock's origin.
    newest: i64,
    slots: [Slot; SLOTS],
}

/// The requests of one part.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// How many there were.
    count: u32,
    /// When the last of them was made, in milliseconds after the part began.
    last: u32,
}

impl Window {
    fn new() -> Self {
        Self { newest: 0, slots: [Slot::default(); SLOTS] }
    }

    /// Requests that still count at `now`, and when the first of them stops counting, as pairs of
    /// a time and a number, oldest first.
    fn live(&self, now: i64) -> impl Iterator<Item = (i64, u32)> + '_ {
        let oldest = self.newest - SLOTS as i64 + 1;
        (oldest..=self.newest).filter_map(move |part| {
            let slot = self.slots[part.rem_euclid(SLOTS as i64) as usize];
            let leaves = part * PART + i64::from(slot.last) + WINDOW;
            (slot.count > 0 && leaves > now).then_some((leaves, slot.count))
        })
    }

    fn verdict(&mut self, now: i64, limit: u32, count: bool) -> Verdict {
        // Another request may have read the clock later and been counted first.
        let now = now.max(self.newest * PART);
        let used: u32 = self.live(now).map(|(_, count)| count).sum();
        if used >= limit {
            let mut left = used;
            let free = self.live(now).find_map(|(leaves, count)| {
                left -= count;
                (left < limit).then_some(leaves)
            });
            let free = free.unwrap_or(now + WINDOW);
            let budget = Budget { limit, remaining: 0, resets_in: span(free - now) };
            return Verdict::Beyond(budget, seconds(free - now).max(1));
        }
        if count {
            self.count(now);
        }
        let used = used + u32::from(count);
        let reset = self.live(now).next().map_or(now, |(leaves, _)| leaves);
        Verdict::Within(Budget { limit, remaining: limit - used, resets_in: span(reset - now) })
    }

    fn count(&mut self, now: i64) {
        let part = now.div_euclid(PART);
        // Slots that were passed over since the last request hold what is older than a window.
        for passed in (self.newest + 1).max(part - SLOTS as i64 + 1)..=part {
            self.slots[passed.rem_euclid(SLOTS as i64) as usize] = Slot::default();
        }
        self.newest = part;
        let slot = &mut self.slots[part.rem_euclid(SLOTS as i64) as usize];
        slot.count += 1;
        slot.last = now.rem_euclid(PART) as u32;
    }

    fn is_empty(&self, now: i64) -> bool {
        self.live(now).next().is_none()
    }
}

/// Milliseconds as seconds, rounded up: waiting so long is never too short.
fn seconds(millis: i64) -> i64 {
    millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0)
}

fn span(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A window for each of many keys or addresses.
pub(crate) struct Windows<K> {
    windows: Mutex<HashMap<K, Window>>,
    most: usize,
}

impl<K: Eq + Hash + Clone> Windows<K> {
    /// No windows yet, and never more than `most`.
    pub fn new(most: usize) -> Self {
        Self { windows: Mutex::default(), most }
    }

    /// Counts a request, if it is within the limit.
    pub fn count(&self, key: &K, now: Monotonic, limit: u32) -> Verdict {
        self.verdict(key, now, limit, true)
    }

    /// What counting would say.
    pub fn look(&self, key: &K, now: Monotonic, limit: u32) -> Verdict {
        self.verdict(key, now, limit, false)
    }

    fn verdict(&self, key: &K, now: Monotonic, limit: u32, count: bool) -> Verdict {
        let now = now.as_micros().div_euclid(1000);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(key) {
            return window.verdict(now, limit, count);
        }
        let mut window = Window::new();
        let verdict = window.verdict(now, limit, count);
        if count {
            make_room(&mut windows, now, self.most);
            windows.insert(key.clone(), window);
        }
        verdict
    }
}

/// Forgets the windows that are empty, and one more if that frees no place.
fn make_room<K: Eq + Hash + Clone>(windows: &mut HashMap<K, Window>, now: i64, most: usize) {
    if windows.len() < most {
        return;
    }
    windows.retain(|_, window| !window.is_empty(now));
    if windows.len() >= most
        && let Some(any) = windows.keys().next().cloned()
    {
        windows.remove(&any);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Monotonic {
        Monotonic::from_micros(millis * 1000)
    }

    fn passes(verdict: Verdict) -> bool {
        matches!(verdict, Verdict::Within(_))
    }

    #[test]
    fn a_budget_is_spent_and_counted_down() {
        let windows = Windows::new(10);
        for left in (0..3).rev() {
            let Verdict::Within(budget) = windows.count(&1, at(0), 3) else { panic!("refused") };
            assert_eq!((budget.limit, budget.remaining), (3, left));
            assert_eq!(budget.resets_in, Duration::from_secs(60));
        }
        let Verdict::Beyond(budget, wait) = windows.count(&1, at(500), 3) else { panic!("passed") };
        assert_eq!((budget.remaining, budget.resets_in, wait), (0, span(59_500), 60));
        assert!(passes(windows.count(&2, at(500), 3)), "another key has its own window");
    }

    #[test]
    fn the_end_of_one_minute_and_the_start_of_the_next_are_one_window() {
        let windows = Windows::new(10);
        for _ in 0..60 {
            assert!(passes(windows.count(&1, at(59_000), 60)));
        }
        assert!(!passes(windows.count(&1, at(60_000), 60)));
        assert!(!passes(windows.count(&1, at(118_999), 60)));
        assert!(passes(windows.count(&1, at(119_000), 60)));
    }

    #[test]
    fn a_refused_request_does_not_count() {
        let windows = Windows::new(10);
        assert!(passes(windows.count(&1, at(0), 1)));
        for second in 1..60 {
            assert!(!passes(windows.count(&1, at(second * 1000), 1)));
        }
        assert!(passes(windows.count(&1, at(60_000), 1)));
    }

    #[test]
    fn looking_counts_nothing() {
        let windows = Windows::new(10);
        for _ in 0..5 {
            assert!(passes(windows.look(&1, at(0), 1)));
        }
        assert!(passes(windows.count(&1, at(0), 1)));
        assert!(!passes(windows.look(&1, at(0), 1)));
    }

    #[test]
    fn a_request_that_read_the_clock_before_the_last_counted_one_frees_nothing() {
        let windows = Windows::new(10);
        assert!(passes(windows.count(&1, at(100_000), 1)));
        assert!(!passes(windows.count(&1, at(0), 1)));
        assert!(passes(windows.count(&1, at(160_000), 1)));
    }

    #[test]
    fn the_number_of_windows_is_bounded() {
        let windows = Windows::new(100);
        for key in 0..10_000 {
            windows.count(&key, at(key), 5);
        }
        assert!(windows.windows.lock().unwrap().len() <= 100);
        assert!(size_of::<Window>() <= 144);
    }

    proptest! {
        #[test]
        fn no_minute_holds_more_than_the_limit_and_waiting_always_works(
            steps in prop::collection::vec(0i64..9_000, 1..400),
            limit in 1u32..40,
        ) {
            let windows = Windows::new(1);
            let mut now = 0;
            let mut passed: Vec<i64> = Vec::new();
            for step in steps {
                now += step;
                match windows.count(&1, at(now), limit) {
                    Verdict::Within(budget) => {
                        passed.push(now);
                        let exact = passed.iter().filter(|&&then| then > now - WINDOW).count();
                        prop_assert!(exact <= limit as usize);
                        // What is said to remain does remain.
                        prop_assert!(exact + budget.remaining as usize <= limit as usize);
                    }
                    Verdict::Beyond(budget, wait) => {
                        prop_assert!((1..=60).contains(&wait));
                        let later = at(now + wait * 1000);
                        prop_assert!(passes(windows.look(&1, later, limit)));
                        let at_reset = at(now).plus(budget.resets_in);
                        prop_assert!(passes(windows.look(&1, at_reset, limit)));
                        let wall = Timestamp::from_micros(now * 1000);
                        let left = budget.reset_at(wall) * 1000 - now;
                        prop_assert!((left - wait * 1000).abs() <= 1000);
                        prop_assert!(span(left) >= budget.resets_in);
                        // Nobody is held back for more than a part longer than has to be.
                        let kept = passed.iter().filter(|&&then| then > now - WINDOW - PART).count();
                        prop_assert!(kept >= limit as usize);
                    }
                }
            }
        }
    }
}
