//! Decides when an old key can be revoked after a rotation, from the usage of the key and of its
//! replacement. For the admin pages and the command line.

use std::collections::HashMap;

use super::api_key::{Key, KeyId};
use crate::model::values::time::Timestamp;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// An old key must be unused for this many times its average interval between requests.
const INTERVALS: i64 = 4;

/// Returns the newest active replacement of each key that has one. `keys` must be sorted newest
/// first.
pub fn replacements(keys: &[Key], now: Timestamp) -> HashMap<&KeyId, &Key> {
    let mut newest = HashMap::new();
    for key in keys.iter().filter(|key| key.is_active(now)) {
        if let Some(old) = &key.replaces {
            newest.entry(old).or_insert(key);
        }
    }
    newest
}

/// Whether it is safe to revoke an old key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The replacement has never been used.
    ReplacementUnused,
    /// The old key has been used since the replacement was last used.
    ReplacementIdle,
    /// The replacement is in use, but the old key could merely be between two requests. It must
    /// stay unused for this many more microseconds.
    TooEarly(i64),
    /// The replacement is in use, and the old key has been unused for long enough.
    Safe,
}

/// An assessment of an old key that has a replacement.
#[derive(Clone, Copy, Debug)]
pub struct Retirement {
    pub verdict: Verdict,
    was_used: bool,
    /// Microseconds since the last use, or since creation if the key was never used.
    unused_for: i64,
}

impl Retirement {
    /// Assesses an active key that has an active replacement.
    pub fn assess(old: &Key, replacement: &Key, now: Timestamp) -> Self {
        let since = old.last_used_at.unwrap_or(old.created_at);
        let unused_for = micros_between(since, now);
        let left = required_idle_time(old) - unused_for;
        let verdict = match (replacement.last_used_at, old.last_used_at) {
            (None, _) => Verdict::ReplacementUnused,
            (Some(replacement), Some(old)) if replacement < old => Verdict::ReplacementIdle,
            _ if left > 0 => Verdict::TooEarly(left),
            _ => Verdict::Safe,
        };
        Self { verdict, was_used: old.last_used_at.is_some(), unused_for }
    }

    pub fn is_safe(&self) -> bool {
        self.verdict == Verdict::Safe
    }

    /// Explains the verdict and what it is based on.
    pub fn advice(&self) -> String {
        let used = match (self.was_used, self.unused_for) {
            (true, ..MINUTE) => "was last used just now".to_owned(),
            (true, unused) => format!("was last used {} ago", format_span(unused, unused)),
            (false, _) => "has never been used".to_owned(),
        };
        match self.verdict {
            Verdict::ReplacementUnused => {
                format!("Don't revoke it yet: its replacement hasn't been used. This key {used}.")
            }
            Verdict::ReplacementIdle => {
                format!(
                    "Don't revoke it yet: it {used}, and its replacement hasn't been used since."
                )
            }
            Verdict::TooEarly(left) => format!(
                "Don't revoke it yet: it {used}. Its replacement is in use. If this key stays \
                 unused, it will be safe to revoke in {}.",
                format_span(left, left + unit(left) - 1)
            ),
            Verdict::Safe => format!("Safe to revoke: it {used}, and its replacement is in use."),
        }
    }
}

/// Returns how many microseconds a key must be unused: four times its average interval between
/// requests, and at least a day. The average is over the key's lifetime. That includes the time
/// before its first request, which only makes it longer. For a key that was never used, a day is
/// enough.
fn required_idle_time(key: &Key) -> i64 {
    let interval = key
        .last_used_at
        .map_or(0, |used| micros_between(key.created_at, used) / key.request_count.max(1));
    interval.saturating_mul(INTERVALS).max(DAY)
}

/// Returns zero if the clock was set back in between.
fn micros_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_micros() - from.as_micros()).max(0)
}

/// Returns the unit in which to display a duration.
fn unit(micros: i64) -> i64 {
    match micros {
        ..HOUR => MINUTE,
        HOUR..=DAY => HOUR,
        _ => DAY,
    }
}

/// Formats `micros` in the unit that fits `scale`, such as `3 hours`.
fn format_span(scale: i64, micros: i64) -> String {
    let unit = unit(scale);
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

    fn key(created: i64, used: Option<i64>, requests: i64) -> Key {
        Key {
            id: KeyId::generate(),
            prefix: Prefix::new(Mode::Live, "abcdefgh"),
            name: Name::parse("Sync").unwrap(),
            mode: Mode::Live,
            workspace: Slug::parse("acme").unwrap(),
            tier: Tier::Standard,
            scopes: Scopes::all(),
            created_at: Timestamp::from_micros(created),
            expires_at: None,
            last_used_at: used.map(Timestamp::from_micros),
            last_used_ip: None,
            request_count: requests,
            revoked_at: None,
            replaces: None,
        }
    }

    /// Assesses an old key that was created at 0. `replacement_used` is the replacement's last use.
    fn assess(
        used: Option<i64>,
        requests: i64,
        replacement_used: Option<i64>,
        now: i64,
    ) -> Retirement {
        let replacement = key(0, replacement_used, replacement_used.map_or(0, |_| 1));
        Retirement::assess(&key(0, used, requests), &replacement, Timestamp::from_micros(now))
    }

    #[test]
    fn a_busy_key_must_be_unused_for_a_day() {
        let busy = |now| assess(Some(DAY), 1000, Some(DAY), now);
        assert_eq!(busy(DAY).verdict, Verdict::TooEarly(DAY));
        assert_eq!(busy(2 * DAY - 1).verdict, Verdict::TooEarly(1));
        assert_eq!(busy(2 * DAY).verdict, Verdict::Safe);
    }

    #[test]
    fn a_key_that_is_used_weekly_must_be_unused_for_four_weeks() {
        let weekly = |now| assess(Some(70 * DAY), 10, Some(71 * DAY), now);
        assert_eq!(weekly(97 * DAY).verdict, Verdict::TooEarly(DAY));
        assert_eq!(weekly(98 * DAY).verdict, Verdict::Safe);
    }

    #[test]
    fn no_key_is_safe_to_revoke_before_its_replacement_is_in_use() {
        let late = 400 * DAY;
        assert_eq!(assess(Some(DAY), 9, None, late).verdict, Verdict::ReplacementUnused);
        assert_eq!(assess(None, 0, None, late).verdict, Verdict::ReplacementUnused);
        assert_eq!(assess(Some(DAY), 9, Some(DAY - 1), late).verdict, Verdict::ReplacementIdle);
    }

    #[test]
    fn an_unused_key_is_safe_to_revoke_a_day_after_its_creation() {
        assert_eq!(assess(None, 0, Some(1), HOUR).verdict, Verdict::TooEarly(23 * HOUR));
        assert_eq!(assess(None, 0, Some(1), DAY).verdict, Verdict::Safe);
    }

    #[test]
    fn the_advice_includes_the_last_use_and_the_remaining_time() {
        for (retirement, advice) in [
            (
                assess(Some(DAY), 9, None, DAY + 3 * MINUTE),
                "Don't revoke it yet: its replacement hasn't been used. This key was last used 3 minutes ago.",
            ),
            (
                assess(None, 0, None, DAY),
                "Don't revoke it yet: its replacement hasn't been used. This key has never been used.",
            ),
            (
                assess(Some(DAY), 9, Some(0), DAY),
                "Don't revoke it yet: it was last used just now, and its replacement hasn't been used since.",
            ),
            (
                assess(Some(DAY), 9, Some(DAY), DAY + HOUR),
                "Don't revoke it yet: it was last used 1 hour ago. Its replacement is in use. If \
                 this key stays unused, it will be safe to revoke in 23 hours.",
            ),
            (
                assess(Some(DAY), 9, Some(DAY), 2 * DAY - 1),
                "Don't revoke it yet: it was last used 23 hours ago. Its replacement is in use. If \
                 this key stays unused, it will be safe to revoke in 1 minute.",
            ),
            (
                assess(Some(DAY), 9, Some(DAY), 4 * DAY),
                "Safe to revoke: it was last used 3 days ago, and its replacement is in use.",
            ),
            (
                assess(None, 0, Some(DAY), 4 * DAY),
                "Safe to revoke: it has never been used, and its replacement is in use.",
            ),
        ] {
            assert_eq!(retirement.advice(), advice);
        }
    }

    proptest! {
        #[test]
        fn safe_always_means_unused_for_a_day_and_four_intervals(
            used in proptest::option::of(0..1000 * DAY),
            requests in 0..10_000_i64,
            replacement in proptest::option::of(0..1000 * DAY),
            now in any::<i64>(),
        ) {
            let retirement = assess(used, requests, replacement, now);
            prop_assert!(!retirement.advice().is_empty());
            if retirement.is_safe() {
                let now = Timestamp::from_micros(now).as_micros();
                let last = used.unwrap_or(0);
                prop_assert!(now - last >= DAY);
                prop_assert!(now - last >= used.map_or(0, |used| used / requests.max(1)) * 4);
                prop_assert!(replacement.is_some_and(|last| used.is_none_or(|used| last >= used)));
            }
        }
    }
}
