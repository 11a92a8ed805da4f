//! Keeps within the rate limit of the other server, so that requests aren't refused.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap};

use crate::http::outgoing::retry_after::parse_http_date;
use crate::model::clock::Monotonic;
use crate::model::values::time::Timestamp;

/// Longer waits are not believed: the server's limit is per minute. If there is such a limit, the
/// next request is refused with the time to wait.
const MAX_WAIT: i64 = 5 * 60;

/// What the last response said about the rate limit.
#[derive(Debug, Default)]
pub(super) struct Pace {
    limit: Option<u64>,
    next_request: Option<Monotonic>,
}

impl Pace {
    /// Reads the headers of a response.
    pub fn record(&mut self, headers: &HeaderMap, now: Timestamp, received_at: Monotonic) {
        self.limit = number(headers, "x-ratelimit-limit").or(self.limit);
        let is_used_up = number(headers, "x-ratelimit-remaining") == Some(0_u64);
        let wait = if is_used_up { seconds_until_reset(headers, now) } else { None };
        self.next_request = wait.map(|wait| received_at.plus(wait));
    }

    /// Returns how long to wait before the next request.
    pub fn delay(&self, now: Monotonic) -> Duration {
        self.next_request.map_or(Duration::ZERO, |at| at.since(now))
    }

    /// Returns the number of requests per minute, if the server has a limit.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }
}

/// Compares with the server's own clock, because this machine's may be wrong.
fn seconds_until_reset(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let reset: i64 = number(headers, "x-ratelimit-reset")?;
    let date = headers.get(DATE).and_then(|date| parse_http_date(date.to_str().ok()?));
    [date, Some(now)].into_iter().flatten().find_map(|now| {
        let wait = reset.checked_sub(now.as_micros().div_euclid(1_000_000))?;
        (0..=MAX_WAIT).contains(&wait).then(|| Duration::from_secs(wait.unsigned_abs()))
    })
}

fn number<N: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<N> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(headers: &[(&'static str, &str)]) -> Duration {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let mut pace = Pace::default();
        let start = Monotonic::from_micros(0);
        pace.record(&HeaderMap::from_iter(headers), Timestamp::from_micros(1_000_000_000), start);
        pace.delay(start)
    }

    #[test]
    fn the_next_request_waits_only_when_none_is_left() {
        let reset = ("x-ratelimit-reset", "1042");
        assert_eq!(delay(&[("x-ratelimit-remaining", "0"), reset]), Duration::from_secs(42));
        assert_eq!(delay(&[("x-ratelimit-remaining", "1"), reset]), Duration::ZERO);
        assert_eq!(delay(&[reset]), Duration::ZERO);
        assert_eq!(delay(&[]), Duration::ZERO);
    }

    #[test]
    fn the_servers_clock_counts_if_the_response_shows_it() {
        let date = ("date", "Thu, 01 Jan 1970 00:20:00 GMT");
        let reset = ("x-ratelimit-reset", "1207");
        let wait = delay(&[("x-ratelimit-remaining", "0"), reset, date]);
        assert_eq!(wait, Duration::from_secs(7));
    }

    #[test]
    fn nonsense_does_not_stop_the_transfer() {
        for reset in ["999", "4000", "soon", "", "-9223372036854775808", "9223372036854775807"] {
            let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)];
            assert_eq!(delay(&headers), Duration::ZERO, "{reset}");
        }
    }

    #[test]
    fn the_wait_is_over_once_it_has_passed() {
        let mut pace = Pace::default();
        let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1010")];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let start = Monotonic::from_micros(5);
        pace.record(&headers.into_iter().collect(), Timestamp::from_micros(1_000_000_000), start);
        assert_eq!(pace.delay(start.plus(Duration::from_secs(4))), Duration::from_secs(6));
        assert_eq!(pace.delay(start.plus(Duration::from_secs(11))), Duration::ZERO);
    }
}
