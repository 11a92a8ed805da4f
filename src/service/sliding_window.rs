//! Sliding windows of one minute, for rate limits and for limits on failed attempts. Servers that share
//! a database tell each other what they have counted (`shared_counts.rs`).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::bounded_map::make_room;
use crate::model::clock::Monotonic;
use crate::model::values::time::Timestamp;

/// The length of a window, in milliseconds.
const WINDOW: i64 = 60_000;
/// The number of parts of a window. The requests of a part leave the window together, when the last
/// of them does. So no minute ever contains more requests than the limit, and a client is held back
/// for at most one part longer than if every request had its own timestamp.
const PARTS: usize = 16;
/// The length of a part, in milliseconds.
const PART: i64 = WINDOW / PARTS as i64;
/// One more than `PARTS`, because a window rarely starts with a part.
const SLOTS: usize = PARTS + 1;

/// The state of a limit after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// The number of requests allowed in any minute.
    pub limit: u32,
    /// The number of requests that are allowed right now.
    pub remaining: u32,
    /// The time until the oldest requests leave the window.
    pub resets_in: Duration,
}

impl Budget {
    /// Returns when the oldest requests leave the window, in Unix time, rounded up to whole
    /// seconds.
    pub fn reset_at(self, now: Timestamp) -> i64 {
        let left = i64::try_from(self.resets_in.as_micros()).unwrap_or(i64::MAX);
        let reset = now.as_micros().saturating_add(left);
        reset.div_euclid(1_000_000) + i64::from(reset.rem_euclid(1_000_000) > 0)
    }
}

/// Whether a request is within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed(Budget),
    /// The seconds are at least 1. Waiting that long is always enough.
    Denied(Budget, i64),
}

/// The requests of the last minute: 144 bytes, regardless of their number.
#[derive(Clone, Debug)]
struct Window {
    /// The part with the latest request, counted from the clock's origin.
    newest: i64,
    slots: [Slot; SLOTS],
}

/// The requests of one part.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    count: u32,
    /// When the last of them was made, in milliseconds since the start of the part.
    last: u32,
}

impl Window {
    fn new() -> Self {
        Self { newest: 0, slots: [Slot::default(); SLOTS] }
    }

    /// Returns the requests that count at `now`, oldest first, as pairs of when they leave the
    /// window and how many do.
    fn live(&self, now: i64) -> impl Iterator<Item = (i64, u32)> + '_ {
        let oldest = self.newest - SLOTS as i64 + 1;
        (oldest..=self.newest).filter_map(move |part| {
            let slot = self.slots[part.rem_euclid(SLOTS as i64) as usize];
            let leaves = part * PART + i64::from(slot.last) + WINDOW;
            (slot.count > 0 && leaves > now).then_some((leaves, slot.count))
        })
    }

    fn decide(&mut self, now: i64, limit: u32, count: bool) -> Decision {
        // A request that read the clock later may have been counted first.
        let now = now.max(self.newest * PART);
        let used = self.live(now).fold(0_u32, |used, (_, count)| used.saturating_add(count));
        if used >= limit {
            let mut left = used;
            let free = self.live(now).find_map(|(leaves, count)| {
                left = left.saturating_sub(count);
                (left < limit).then_some(leaves)
            });
            let free = free.unwrap_or(now + WINDOW);
            let budget = Budget { limit, remaining: 0, resets_in: span(free - now) };
            return Decision::Denied(budget, seconds(free - now).max(1));
        }
        if count {
            self.add(now, 1);
        }
        let used = used + u32::from(count);
        let reset = self.live(now).next().map_or(now, |(leaves, _)| leaves);
        Decision::Allowed(Budget { limit, remaining: limit - used, resets_in: span(reset - now) })
    }

    fn add(&mut self, now: i64, count: u32) {
        let now = now.max(self.newest * PART);
        let part = now.div_euclid(PART);
        // Slots skipped since the last request contain counts that are older than a window.
        for passed in (self.newest + 1).max(part - SLOTS as i64 + 1)..=part {
            self.slots[passed.rem_euclid(SLOTS as i64) as usize] = Slot::default();
        }
        self.newest = part;
        let slot = &mut self.slots[part.rem_euclid(SLOTS as i64) as usize];
        slot.count = slot.count.saturating_add(count);
        slot.last = now.rem_euclid(PART) as u32;
    }

    fn is_empty(&self, now: i64) -> bool {
        self.live(now).next().is_none()
    }
}

/// Converts milliseconds to seconds, rounding up, so that waiting that long is always enough.
fn seconds(millis: i64) -> i64 {
    millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0)
}

fn span(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// A sliding window for each of many keys or networks.
pub(crate) struct SlidingWindows<K> {
    windows: Mutex<HashMap<K, Window>>,
    max: usize,
    /// What was counted here and not shared yet. `None` if there are no other servers.
    unshared: Option<Mutex<HashMap<K, u32>>>,
}

impl<K: Eq + Hash + Clone> SlidingWindows<K> {
    /// Creates an empty set of at most `max` windows.
    pub fn new(max: usize) -> Self {
        Self { windows: Mutex::default(), max, unshared: None }
    }

    /// Remembers what is counted from now on, for [`SlidingWindows::take_unshared`].
    #[must_use]
    pub fn shared(self) -> Self {
        Self { unshared: Some(Mutex::default()), ..self }
    }

    /// Takes what was counted here since the last call, for the other servers.
    pub fn take_unshared(&self) -> HashMap<K, u32> {
        self.unshared.as_ref().map(|counts| std::mem::take(&mut *lock(counts))).unwrap_or_default()
    }

    /// Adds what another server has counted.
    pub fn add(&self, key: K, now: Monotonic, count: u32) {
        let now = millis(now);
        let mut windows = lock(&self.windows);
        if !windows.contains_key(&key) {
            drop_empty(&mut windows, now, self.max);
        }
        windows.entry(key).or_insert_with(Window::new).add(now, count);
    }

    /// Counts a request if it is within the limit.
    pub fn count(&self, key: &K, now: Monotonic, limit: u32) -> Decision {
        self.decide(key, now, limit, true)
    }

    /// Returns what [`SlidingWindows::count`] would return, without counting.
    pub fn peek(&self, key: &K, now: Monotonic, limit: u32) -> Decision {
        self.decide(key, now, limit, false)
    }

    fn decide(&self, key: &K, now: Monotonic, limit: u32, count: bool) -> Decision {
        let now = millis(now);
        let mut windows = lock(&self.windows);
        let decision = if let Some(window) = windows.get_mut(key) {
            window.decide(now, limit, count)
        } else {
            let mut window = Window::new();
            let decision = window.decide(now, limit, count);
            if count {
                drop_empty(&mut windows, now, self.max);
                windows.insert(key.clone(), window);
            }
            decision
        };
        if count && matches!(decision, Decision::Allowed(_)) {
            self.remember(key);
        }
        decision
    }

    fn remember(&self, key: &K) {
        let Some(unshared) = &self.unshared else { return };
        let mut unshared = lock(unshared);
        if let Some(count) = unshared.get_mut(key) {
            *count += 1;
        } else if unshared.len() < self.max {
            unshared.insert(key.clone(), 1);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(time: Monotonic) -> i64 {
    time.as_micros().div_euclid(1000)
}

/// Drops empty windows. If there are none, drops an arbitrary one.
fn drop_empty<K: Eq + Hash + Clone>(windows: &mut HashMap<K, Window>, now: i64, max: usize) {
    if windows.len() >= max {
        windows.retain(|_, window| !window.is_empty(now));
        make_room(windows, max);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Monotonic {
        Monotonic::from_micros(millis * 1000)
    }

    fn passes(decision: Decision) -> bool {
        matches!(decision, Decision::Allowed(_))
    }

    #[test]
    fn each_request_reduces_the_budget() {
        let windows = SlidingWindows::new(10);
        for left in (0..3).rev() {
            let Decision::Allowed(budget) = windows.count(&1, at(0), 3) else { panic!("denied") };
            assert_eq!((budget.limit, budget.remaining), (3, left));
            assert_eq!(budget.resets_in, Duration::from_secs(60));
        }
        let Decision::Denied(budget, wait) = windows.count(&1, at(500), 3) else {
            panic!("allowed")
        };
        assert_eq!((budget.remaining, budget.resets_in, wait), (0, span(59_500), 60));
        assert!(passes(windows.count(&2, at(500), 3)), "another key has its own window");
    }

    #[test]
    fn the_end_of_one_minute_and_the_start_of_the_next_are_one_window() {
        let windows = SlidingWindows::new(10);
        for _ in 0..60 {
            assert!(passes(windows.count(&1, at(59_000), 60)));
        }
        assert!(!passes(windows.count(&1, at(60_000), 60)));
        assert!(!passes(windows.count(&1, at(118_999), 60)));
        assert!(passes(windows.count(&1, at(119_000), 60)));
    }

    #[test]
    fn a_denied_request_does_not_count() {
        let windows = SlidingWindows::new(10);
        assert!(passes(windows.count(&1, at(0), 1)));
        for second in 1..60 {
            assert!(!passes(windows.count(&1, at(second * 1000), 1)));
        }
        assert!(passes(windows.count(&1, at(60_000), 1)));
    }

    #[test]
    fn peeking_does_not_count() {
        let windows = SlidingWindows::new(10);
        for _ in 0..5 {
            assert!(passes(windows.peek(&1, at(0), 1)));
        }
        assert!(passes(windows.count(&1, at(0), 1)));
        assert!(!passes(windows.peek(&1, at(0), 1)));
    }

    #[test]
    fn an_earlier_clock_reading_does_not_free_anything() {
        let windows = SlidingWindows::new(10);
        assert!(passes(windows.count(&1, at(100_000), 1)));
        assert!(!passes(windows.count(&1, at(0), 1)));
        assert!(passes(windows.count(&1, at(160_000), 1)));
    }

    #[test]
    fn what_another_server_has_counted_uses_up_the_same_window() {
        let (ours, theirs) = (SlidingWindows::new(10).shared(), SlidingWindows::new(10).shared());
        for second in 0..3 {
            assert!(passes(theirs.count(&1, at(second * 1000), 5)));
        }
        assert!(passes(ours.count(&1, at(3000), 5)));
        for (key, count) in theirs.take_unshared() {
            ours.add(key, at(4000), count);
        }
        assert!(theirs.take_unshared().is_empty());
        let Decision::Allowed(budget) = ours.count(&1, at(5000), 5) else { panic!("denied") };
        assert_eq!(budget.remaining, 0);
        // Only its own: the others would count theirs twice.
        assert_eq!(ours.take_unshared(), HashMap::from([(1, 2)]));
        // Each server allowed as many as it could before it knew of the other.
        ours.add(1, at(6000), 3);
        let Decision::Denied(_, wait) = ours.peek(&1, at(6000), 5) else { panic!("allowed") };
        assert!(passes(ours.peek(&1, at(6000 + wait * 1000), 5)));
        assert!(passes(SlidingWindows::new(10).count(&1, at(0), 5)));
    }

    #[test]
    fn a_server_without_others_remembers_nothing_for_them() {
        let windows = SlidingWindows::new(10);
        windows.count(&1, at(0), 5);
        assert!(windows.take_unshared().is_empty());
        let shared = SlidingWindows::new(10).shared();
        for key in 0..100 {
            shared.count(&key, at(key), 5);
            shared.peek(&key, at(key), 5);
        }
        assert_eq!(shared.take_unshared().len(), 10);
    }

    #[test]
    fn the_number_of_windows_is_bounded() {
        let windows = SlidingWindows::new(100);
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
            let windows = SlidingWindows::new(1);
            let mut now = 0;
            let mut passed: Vec<i64> = Vec::new();
            for step in steps {
                now += step;
                match windows.count(&1, at(now), limit) {
                    Decision::Allowed(budget) => {
                        passed.push(now);
                        let exact = passed.iter().filter(|&&then| then > now - WINDOW).count();
                        prop_assert!(exact <= limit as usize);
                        // The remaining requests are really available.
                        prop_assert!(exact + budget.remaining as usize <= limit as usize);
                    }
                    Decision::Denied(budget, wait) => {
                        prop_assert!((1..=60).contains(&wait));
                        let later = at(now + wait * 1000);
                        prop_assert!(passes(windows.peek(&1, later, limit)));
                        let at_reset = at(now).plus(budget.resets_in);
                        prop_assert!(passes(windows.peek(&1, at_reset, limit)));
                        let wall = Timestamp::from_micros(now * 1000);
                        let left = budget.reset_at(wall) * 1000 - now;
                        prop_assert!((left - wait * 1000).abs() <= 1000);
                        prop_assert!(span(left) >= budget.resets_in);
                        // No request is held back for more than a part longer than necessary.
                        let kept = passed.iter().filter(|&&then| then > now - WINDOW - PART).count();
                        prop_assert!(kept >= limit as usize);
                    }
                }
            }
        }
    }
}
