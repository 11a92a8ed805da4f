//! Which rate limit a key has, and the headers that tell its client what is left of it.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};

use super::rate_limit::{Budget, Verdict, Windows};
use crate::model::key::{Key, KeyId, Mode, Tier};
use crate::model::time::Timestamp;
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
    pub fn count(&self, key: &Key, now: Timestamp) -> Option<Verdict> {
        let limit = self.limit(key).filter(|_| self.settings.enabled)?;
        Some(self.windows.count(&key.id, now, limit))
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

/// Tells the client what is left.
pub(crate) fn add_headers(response: &mut HttpResponse, budget: Budget) {
    let headers = response.headers_mut();
    headers.insert(LIMIT.clone(), HeaderValue::from(budget.limit));
    headers.insert(REMAINING.clone(), HeaderValue::from(budget.remaining));
    headers.insert(RESET.clone(), HeaderValue::from(budget.reset));
}
