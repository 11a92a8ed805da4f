//! Which rate limit a key has, and the headers that tell its client what is left of it.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};

use super::rate_limit::{Budget, Verdict, Windows};
use crate::model::clock::Monotonic;
use crate::model::key::{Key, KeyId, Mode, Tier};
use crate::model::values::time::Timestamp;
use crate::settings::RateLimits;

/// Keys whose windows are kept at the same time.
const KEYS: usize = 100_000;

/// The windows of all keys.
pub(crate) struct Limits {
    settings: RateLimits,
    windows: Windows<KeyId>,
}

impl Limits {
    /// Nothing is counted yet.
    pub fn new(settings: RateLimits) -> Self {
        Self { settings, windows: Windows::new(KEYS) }
    }

    /// Counts a request of a key, unless the key has no limit.
    pub fn count(&self, key: &Key, now: Monotonic) -> Option<Verdict> {
        let limit = self.limit(key).filter(|_| self.settings.enabled)?;
        Some(self.windows.count(&key.id, now, limit))
    }

    /// What a key has left now, unless it has no limit. Nothing is counted.
    pub fn left(&self, key: &Key, now: Monotonic) -> Option<Budget> {
        let limit = self.limit(key).filter(|_| self.settings.enabled)?;
        match self.windows.look(&key.id, now, limit) {
            Verdict::Within(budget) | Verdict::Beyond(budget, _) => Some(budget),
        }
    }

    /// A test key of the usual tier has the test limit; a tier that was chosen counts in both
    /// modes.
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

/// The headers that tell the client what it had left when its request was counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headers {
    budget: Budget,
    reset: i64,
}

impl Headers {
    /// Those for a request that was counted at this time.
    pub fn new(budget: Budget, now: Timestamp) -> Self {
        Self { budget, reset: budget.reset_at(now) }
    }

    /// Adds them to the response.
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
    use crate::model::key::Scopes;
    use crate::model::key::secret::Prefix;
    use crate::model::values::id::Id;
    use crate::model::values::slug::Slug;
    use crate::model::values::text::Name;

    fn key(tier: Tier, mode: Mode) -> Key {
        Key {
            id: Id::generate(),
            prefix: Prefix::new(mode, "AAAAAAAA"),
            name: Name::parse("x").unwrap(),
            mode,
            workspace: Slug::parse("x").unwrap(),
            tier,
            scopes: Scopes::all(),
            created_at: Timestamp::from_micros(0),
            last_used_at: None,
            last_used_ip: None,
            request_count: 0,
            revoked_at: None,
            replaces: None,
        }
    }

    fn limits(enabled: bool) -> Limits {
        Limits::new(RateLimits { enabled, standard: 3, test: 2, paid: 9 })
    }

    fn left(limits: &Limits, key: &Key, seconds: i64) -> Option<(u32, u32)> {
        let now = Monotonic::from_micros(seconds * 1_000_000);
        limits.left(key, now).map(|budget| (budget.remaining, budget.limit))
    }

    #[test]
    fn what_is_left_is_told_without_counting() {
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
