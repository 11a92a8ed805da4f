//! The rate limits of API keys, and the headers that report them.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};

use super::sliding_window::{Budget, Decision, SlidingWindows};
use crate::model::clock::Monotonic;
use crate::model::key::{Key, KeyId, Mode, Tier};
use crate::model::values::time::Timestamp;
use crate::settings::RateLimits;

/// The maximum number of keys with a window in memory.
const MAX_KEYS: usize = 100_000;

pub(crate) struct KeyRateLimits {
    settings: RateLimits,
    windows: SlidingWindows<KeyId>,
}

impl KeyRateLimits {
    pub fn new(settings: RateLimits, has_other_servers: bool) -> Self {
        let windows = SlidingWindows::new(MAX_KEYS);
        let windows = if has_other_servers { windows.shared() } else { windows };
        Self { settings, windows }
    }

    /// Takes what was counted here since the last call.
    pub fn take_unshared(&self) -> Vec<(KeyId, u32)> {
        self.windows.take_unshared().into_iter().collect()
    }

    /// Adds what another server has counted.
    pub fn add(&self, key: KeyId, now: Monotonic, count: u32) {
        self.windows.add(key, now, count);
    }

    /// Counts a request. Returns `None` if the key has no limit.
    pub fn count(&self, key: &Key, now: Monotonic) -> Option<Decision> {
        let limit = self.limit(key).filter(|_| self.settings.enabled)?;
        Some(self.windows.count(&key.id, now, limit))
    }

    /// Returns the remaining budget without counting a request. Returns `None` if the key has no
    /// limit.
    pub fn peek(&self, key: &Key, now: Monotonic) -> Option<Budget> {
        let limit = self.limit(key).filter(|_| self.settings.enabled)?;
        match self.windows.peek(&key.id, now, limit) {
            Decision::Allowed(budget) | Decision::Denied(budget, _) => Some(budget),
        }
    }

    /// Returns a window of the key that is used up, for a 429 that is made up. Returns `None` if the
    /// key's tier has no limit.
    pub fn used_up(&self, key: &Key, seconds: u32) -> Option<Budget> {
        let resets_in = Duration::from_secs(seconds.into());
        Some(Budget { limit: self.limit(key)?, remaining: 0, resets_in })
    }

    /// Returns the limit of a key: test keys in the standard tier have a limit of their own, while
    /// the other tiers have the same limit in both modes.
    fn limit(&self, key: &Key) -> Option<u32> {
        match (key.tier, key.mode) {
            (Tier::Standard, Mode::Live) => Some(self.settings.standard),
            (Tier::Standard, Mode::Test) => Some(self.settings.test),
            (Tier::Paid, _) => Some(self.settings.paid),
            (Tier::Unlimited, _) => None,
        }
    }
}

static LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The headers that report the budget as of when the request was counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimitHeaders {
    budget: Budget,
    reset: i64,
}

impl RateLimitHeaders {
    pub fn new(budget: Budget, now: Timestamp) -> Self {
        Self { budget, reset: budget.reset_at(now) }
    }

    pub fn add_to(self, response: &mut HttpResponse) {
        let headers = response.headers_mut();
        headers.insert(LIMIT.clone(), HeaderValue::from(self.budget.limit));
        headers.insert(REMAINING.clone(), HeaderValue::from(self.budget.remaining));
        headers.insert(RESET.clone(), HeaderValue::from(self.reset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::examples;
    use crate::model::values::id::Id;

    fn key(tier: Tier, mode: Mode) -> Key {
        Key { id: Id::generate(), tier, mode, ..examples::key() }
    }

    fn limits(enabled: bool) -> KeyRateLimits {
        KeyRateLimits::new(RateLimits { enabled, standard: 3, test: 2, paid: 9 }, false)
    }

    fn left(limits: &KeyRateLimits, key: &Key, seconds: i64) -> Option<(u32, u32)> {
        let now = Monotonic::from_micros(seconds * 1_000_000);
        limits.peek(key, now).map(|budget| (budget.remaining, budget.limit))
    }

    #[test]
    fn peeking_at_the_budget_does_not_count() {
        let (limits, key) = (limits(true), key(Tier::Standard, Mode::Live));
        let now = Monotonic::from_micros(0);
        for remaining in (0..=3).rev() {
            assert_eq!(left(&limits, &key, 0), Some((remaining, 3)));
            assert_eq!(left(&limits, &key, 0), Some((remaining, 3)));
            limits.count(&key, now);
        }
        assert_eq!(left(&limits, &key, 59), Some((0, 3)));
        assert_eq!(left(&limits, &key, 60), Some((3, 3)));
    }

    #[test]
    fn a_key_without_a_limit_has_no_budget() {
        assert_eq!(left(&limits(true), &key(Tier::Unlimited, Mode::Live), 0), None);
        assert_eq!(left(&limits(false), &key(Tier::Standard, Mode::Live), 0), None);
        assert_eq!(left(&limits(true), &key(Tier::Standard, Mode::Test), 0), Some((2, 2)));
    }
}
