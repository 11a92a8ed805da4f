//! When a request is repeated.

use std::time::Duration;

use super::reply::Reply;

/// How often a request is repeated after failures: about four minutes in total.
pub(super) const MAX_FAILURES: u32 = 9;
/// The same for the first request, where the URL is probably wrong.
pub(super) const MAX_FIRST_FAILURES: u32 = 2;
/// How often a request is repeated after being refused because of the rate limit.
pub(super) const MAX_REFUSALS: u32 = 20;
/// A longer wait is left to the user.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(15 * 60);
const MAX_BACKOFF: u64 = 60;

/// Returns the pause after this many failures, from 1.
pub(super) fn backoff(failures: u32) -> Duration {
    let seconds = 1_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(MAX_BACKOFF);
    Duration::from_secs(seconds.min(MAX_BACKOFF))
}

/// What a status means for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The response is for the caller.
    Done,
    /// Too many requests.
    Limited,
    /// The same request may succeed later.
    Retry,
    Redirected,
    KeyRejected,
    Forbidden,
}

pub(super) fn judge(reply: &Reply) -> Verdict {
    match reply.status {
        300..=399 => Verdict::Redirected,
        401 => Verdict::KeyRejected,
        403 => Verdict::Forbidden,
        429 => Verdict::Limited,
        408 | 500..=599 => Verdict::Retry,
        // An earlier attempt at the same request is still running.
        409 if reply.fault().code == "idempotency_key_in_use" => Verdict::Retry,
        _ => Verdict::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let seconds: Vec<u64> = (1..=9).map(|failures| backoff(failures).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(backoff(u32::MAX).as_secs(), 60);
    }

    #[test]
    fn requests_are_repeated_only_if_that_can_help() {
        for (status, verdict) in [
            (200, Verdict::Done),
            (201, Verdict::Done),
            (400, Verdict::Done),
            (404, Verdict::Done),
            (409, Verdict::Done),
            (301, Verdict::Redirected),
            (401, Verdict::KeyRejected),
            (403, Verdict::Forbidden),
            (408, Verdict::Retry),
            (429, Verdict::Limited),
            (500, Verdict::Retry),
            (503, Verdict::Retry),
        ] {
            assert_eq!(judge(&Reply { status, body: Vec::new() }), verdict, "{status}");
        }
        let body = br#"{"error":{"code":"idempotency_key_in_use","message":"Wait."}}"#.to_vec();
        assert_eq!(judge(&Reply { status: 409, body }), Verdict::Retry);
    }
}
