//! Detects whether new rows are dated ahead of the clock. Creation times only increase, so if the
//! machine's clock was ahead once, they continue from there until the clock catches up.

use std::fmt::{self, Display, Formatter};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::model::values::time::Timestamp;
use crate::store::{Reader, StoreError};

/// Skew up to this is ignored: time synchronization corrects clocks by this much.
const TOLERANCE: Duration = Duration::from_secs(60);

/// Logs when clock skew begins and when it ends.
#[derive(Default)]
pub(crate) struct ClockSkewMonitor {
    warned: AtomicBool,
}

/// How far new rows are dated ahead of the clock. Displays in the largest unit, such as `3 hours`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockSkew {
    amount: Duration,
    /// The date of the latest row. The skew ends when the clock has passed it.
    pub until: Timestamp,
}

impl ClockSkew {
    fn new(latest: Timestamp, now: Timestamp) -> Option<Self> {
        let amount = latest.since(now);
        (amount > TOLERANCE).then_some(Self { amount, until: latest })
    }
}

impl Display for ClockSkew {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let minutes = self.amount.as_secs() / 60;
        let units = [(24 * 60, "day"), (60, "hour"), (1, "minute")];
        let (unit, name) = units.into_iter().find(|(unit, _)| minutes >= *unit).unwrap_or(units[2]);
        let number = minutes / unit;
        write!(f, "{number} {name}{}", if number == 1 { "" } else { "s" })
    }
}

impl ClockSkewMonitor {
    /// Returns how far new rows are dated ahead of the clock, if they are, and logs when that
    /// begins or ends.
    ///
    /// # Errors
    /// Fails if the database can't be read.
    pub fn check(
        &self,
        reader: &Reader<'_>,
        now: Timestamp,
    ) -> Result<Option<ClockSkew>, StoreError> {
        let ahead = reader.latest_created_at()?.and_then(|latest| ClockSkew::new(latest, now));
        match ahead {
            Some(ahead) if !self.warned.swap(true, Ordering::Relaxed) => log::warn!(
                "new rows are dated {ahead} ahead of the machine's clock, because the latest row \
                 is from {}; check the clock: if it is correct now, it was wrong when that row \
                 was created, and new rows will be dated ahead until then",
                ahead.until
            ),
            None if self.warned.swap(false, Ordering::Relaxed) => {
                log::info!("new rows are no longer dated ahead of the machine's clock");
            }
            _ => {}
        }
        Ok(ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skew_is_shown_in_its_largest_unit_and_small_skew_is_ignored() {
        let now = Timestamp::parse("2026-01-01").unwrap();
        let ahead = |seconds: i64| {
            let ahead = ClockSkew::new(now.plus_millis(seconds * 1000), now);
            ahead.map(|ahead| ahead.to_string())
        };
        assert_eq!((ahead(-86_400), ahead(60)), (None, None));
        for (seconds, text) in [
            (61, "1 minute"),
            (3599, "59 minutes"),
            (3600, "1 hour"),
            (86_399, "23 hours"),
            (86_400, "1 day"),
            (364 * 86_400 + 86_399, "364 days"),
        ] {
            assert_eq!(ahead(seconds).as_deref(), Some(text));
        }
    }
}
