//! When an old key can be revoked after a rotation, judged by what is stored of it and of its twin.
//! For the pages and the command line.

use std::collections::HashMap;

use super::api_key::{Key, KeyId};
use crate::model::values::time::Timestamp;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// How many of its usual gaps an old key has to be unused.
const GAPS: i64 = 4;

/// The newest active twin of each key that has one. The keys are given newest first.
pub fn twins(keys: &[Key]) -> HashMap<&KeyId, &Key> {
    let mut twins = HashMap::new();
    for key in keys.iter().filter(|key| key.revoked_at.is_none()) {
        if let Some(old) = &key.replaces {
            twins.entry(old).or_insert(key);
        }
    }
    twins
}

/// Whether an old key is still needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing has used the twin yet.
    TwinUnused,
    /// The twin was used, but the old key was used after that.
    TwinIdle,
    /// The twin is in use, but the old key may only be between two requests for this many
    /// microseconds more.
    TooEarly(i64),
    /// The twin is in use, and the old key was not used for long enough.
    Safe,
}

/// What can be said about an old key that a twin takes the place of.
#[derive(Clone, Copy, Debug)]
pub struct Retirement {
    /// Whether it can be revoked.
    pub verdict: Verdict,
    was_used: bool,
    /// Microseconds since it was used, or created if it never was.
    unused_for: i64,
}

impl Retirement {
    /// Judges an active key that has an active twin.
    pub fn judge(old: &Key, twin: &Key, now: Timestamp) -> Self {
        let since = old.last_used_at.unwrap_or(old.created_at);
        let unused_for = micros_between(since, now);
        let left = required(old) - unused_for;
        let verdict = match (twin.last_used_at, old.last_used_at) {
            (None, _) => Verdict::TwinUnused,
            (Some(twin), Some(old)) if twin < old => Verdict::TwinIdle,
            _ if left > 0 => Verdict::TooEarly(left),
            _ => Verdict::Safe,
        };
        Self { verdict, was_used: old.last_used_at.is_some(), unused_for }
    }

    /// Whether it can be revoked.
    pub fn is_safe(&self) -> bool {
        self.verdict == Verdict::Safe
    }

    /// The verdict for people, with what it is based on.
    pub fn advice(&self) -> String {
        let used = match (self.was_used, self.unused_for) {
            (true, ..MINUTE) => "last used just now".to_owned(),
            (true, unused) => format!("last used {} ago", span(unused, unused)),
            (false, _) => "never used".to_owned(),
        };
        match self.verdict {
            Verdict::TwinUnused => {
                format!("Don't revoke it yet: its twin has not been used. This key: {used}.")
            }
            Verdict::TwinIdle => {
                format!("Don't revoke it yet: {used}, and its twin has not been used since.")
            }
            Verdict::TooEarly(left) => format!(
                "Don't revoke it yet: {used}. Its twin is in use; if this key stays unused, it is \
                 safe to revoke in {}.",
                span(left, left + unit(left) - 1)
            ),
            Verdict::Safe => format!("Safe to revoke: {used}, and its twin is in use."),
        }
    }
}

/// How many microseconds a key has to be unused: four times its usual gap, and at least a day.
/// The gap is the mean over its life. The time before its first request is part of that, which
/// only makes it longer. A key that was never used has no gap, and a day is enough.
fn required(key: &Key) -> i64 {
    let gap = key
        .last_used_at
        .map_or(0, |used| micros_between(key.created_at, used) / key.request_count.max(1));
    gap.saturating_mul(GAPS).max(DAY)
}

/// Nothing when the clock was set back in between.
fn micros_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_micros() - from.as_micros()).max(0)
}

/// The unit in which a time is told.
fn unit(micros: i64) -> i64 {
    match micros {
        ..HOUR => MINUTE,
        HOUR..=DAY => HOUR,
        _ => DAY,
    }
}

/// `micros` in whole units of `of`, such as `3 hours`.
fn span(of: i64, micros: i64) -> String {
    let unit = unit(of);
    let name = match unit {
        MINUTE => "minute",
        HOUR => "hour",
        _ => "day",
    };
    match micros / unit {
        1 => format!("1 {name}"),
        number => format!("{number} {name}s"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::key::secret::Prefix;
    use crate::model::key::{Mode, Scopes, Tier};
    use crate::model::values::slug::Slug;
    use crate::model::values::text::Name;

    fn key(made: i64, used: Option<i64>, requests: i64) -> Key {
        Key {
            id: KeyId::generate(),
            prefix: Prefix::new(Mode::Live, "abcdefgh"),
            name: Name::parse("Sync").unwrap(),
            mode: Mode::Live,
            workspace: Slug::parse("acme").unwrap(),
            tier: Tier::Standard,
            scopes: Scopes::all(),
            created_at: Timestamp::from_micros(made),
            last_used_at: used.map(Timestamp::from_micros),
            last_used_ip: None,
            request_count: requests,
            revoked_at: None,
            replaces: None,
        }
    }

    /// The verdict on an old key, made at 0, and the twin's last use.
    fn judge(used: Option<i64>, requests: i64, twin: Option<i64>, now: i64) -> Retirement {
        let twin = key(0, twin, twin.map_or(0, |_| 1));
        Retirement::judge(&key(0, used, requests), &twin, Timestamp::from_micros(now))
    }

    #[test]
    fn a_busy_key_has_to_be_unused_for_a_day() {
        let busy = |now| judge(Some(DAY), 1000, Some(DAY), now);
        assert_eq!(busy(DAY).verdict, Verdict::TooEarly(DAY));
        assert_eq!(busy(2 * DAY - 1).verdict, Verdict::TooEarly(1));
        assert_eq!(busy(2 * DAY).verdict, Verdict::Safe);
    }

    #[test]
    fn a_key_that_is_used_once_a_week_has_to_be_unused_for_four() {
        let weekly = |now| judge(Some(70 * DAY), 10, Some(71 * DAY), now);
        assert_eq!(weekly(97 * DAY).verdict, Verdict::TooEarly(DAY));
        assert_eq!(weekly(98 * DAY).verdict, Verdict::Safe);
    }

    #[test]
    fn nothing_is_safe_before_the_twin_is_in_use() {
        let late = 400 * DAY;
        assert_eq!(judge(Some(DAY), 9, None, late).verdict, Verdict::TwinUnused);
        assert_eq!(judge(None, 0, None, late).verdict, Verdict::TwinUnused);
        assert_eq!(judge(Some(DAY), 9, Some(DAY - 1), late).verdict, Verdict::TwinIdle);
    }

    #[test]
    fn a_key_that_was_never_used_is_kept_for_a_day_after_its_creation() {
        assert_eq!(judge(None, 0, Some(1), HOUR).verdict, Verdict::TooEarly(23 * HOUR));
        assert_eq!(judge(None, 0, Some(1), DAY).verdict, Verdict::Safe);
    }

    #[test]
    fn the_advice_says_what_was_seen_and_how_long_is_left() {
        for (retirement, said) in [
            (
                judge(Some(DAY), 9, None, DAY + 3 * MINUTE),
                "Don't revoke it yet: its twin has not been used. This key: last used 3 minutes ago.",
            ),
            (
                judge(None, 0, None, DAY),
                "Don't revoke it yet: its twin has not been used. This key: never used.",
            ),
            (
                judge(Some(DAY), 9, Some(0), DAY),
                "Don't revoke it yet: last used just now, and its twin has not been used since.",
            ),
            (
                judge(Some(DAY), 9, Some(DAY), DAY + HOUR),
                "Don't revoke it yet: last used 1 hour ago. Its twin is in use; if this key stays \
                 unused, it is safe to revoke in 23 hours.",
            ),
            (
                judge(Some(DAY), 9, Some(DAY), 2 * DAY - 1),
                "Don't revoke it yet: last used 23 hours ago. Its twin is in use; if this key \
                 stays unused, it is safe to revoke in 1 minute.",
            ),
            (
                judge(Some(DAY), 9, Some(DAY), 4 * DAY),
                "Safe to revoke: last used 3 days ago, and its twin is in use.",
            ),
            (
                judge(None, 0, Some(DAY), 4 * DAY),
                "Safe to revoke: never used, and its twin is in use.",
            ),
        ] {
            assert_eq!(retirement.advice(), said);
        }
    }

    proptest! {
        #[test]
        fn safe_always_means_a_day_and_four_gaps_without_use(
            used in proptest::option::of(0..1000 * DAY),
            requests in 0..10_000_i64,
            twin in proptest::option::of(0..1000 * DAY),
            now in any::<i64>(),
        ) {
            let retirement = judge(used, requests, twin, now);
            prop_assert!(!retirement.advice().is_empty());
            if retirement.is_safe() {
                let now = Timestamp::from_micros(now).as_micros();
                let last = used.unwrap_or(0);
                prop_assert!(now - last >= DAY);
                prop_assert!(now - last >= used.map_or(0, |used| used / requests.max(1)) * 4);
                prop_assert!(twin.is_some_and(|twin| used.is_none_or(|used| twin >= used)));
            }
        }
    }
}
