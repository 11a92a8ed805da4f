//! The `Retry-After` header of a response.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::model::values::time::Timestamp;

/// Returns how long a server asks its client to wait, in seconds or until a date (RFC 9110, section
/// 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = parse_http_date(value)?;
    u64::try_from(date.as_micros() - now.as_micros()).ok().map(Duration::from_micros)
}

/// Parses a date such as `Wed, 21 Oct 2015 07:29:00 GMT`.
pub(crate) fn parse_http_date(text: &str) -> Option<Timestamp> {
    Some(OffsetDateTime::parse(text.trim(), &Rfc2822).ok()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::from_micros(1_445_412_480 * 1_000_000);
        let after = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            retry_after(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(after("7"), Some(7));
        assert_eq!(after("Wed, 21 Oct 2015 07:29:00 GMT"), Some(60));
        for value in ["-1", "soon", "Wed, 21 Oct 2015 07:27:00 GMT", "99999999999999999999999"] {
            assert_eq!(after(value), None, "{value}");
        }
    }
}
