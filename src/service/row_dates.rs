//! Whether new rows are dated ahead of the clock. Creation times only grow, so after the machine's
//! clock was ahead once, they continue from there until the clock catches up.

use std::fmt::{self, Display, Formatter};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::model::values::time::Timestamp;
use crate::store::{Reader, StoreError};

/// What is not worth a word: a clock that is kept right is corrected by less.
const TOLERATED: Duration = Duration::from_secs(60);

/// What the log has said about the dates of new rows.
#[derive(Default)]
pub(crate) struct RowDates {
    warned: AtomicBool,
}

/// How far new rows are dated ahead, in the largest unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ahead {
    by: Duration,
    /// The latest row's date; the clock is right again for new rows once it has passed.
    pub until: Timestamp,
}

impl Ahead {
    fn of(latest: Timestamp, now: Timestamp) -> Option<Self> {
        let by = latest.since(now);
        (by > TOLERATED).then_some(Self { by, until: latest })
    }
}

impl Display for Ahead {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let minutes = self.by.as_secs() / 60;
        let units = [(24 * 60, "day"), (60, "hour"), (1, "minute")];
        let (unit, name) = units.into_iter().find(|(unit, _)| minutes >= *unit).unwrap_or(units[2]);
        let number = minutes / unit;
        write!(f, "{number} {name}{}", if number == 1 { "" } else { "s" })
    }
}

impl RowDates {
    /// How far new rows are dated ahead, if they are. The log says when that begins and when it
    /// ends.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn ahead(&self, reader: &Reader<'_>, now: Timestamp) -> Result<Option<Ahead>, StoreError> {
        let ahead = reader.latest_created_at()?.and_then(|latest| Ahead::of(latest, now));
        match ahead {
            Some(ahead) if !self.warned.swap(true, Ordering::Relaxed) => log::warn!(
                "new rows are dated {ahead} ahead of the machine's clock, because the latest row \
                 is from {}: check the clock; if it is right, it was wrong when that row was \
                 made, and new rows are dated ahead until then",
                ahead.until
            ),
            None if self.warned.swap(false, Ordering::Relaxed) => {
                log::info!("new rows are dated by the machine's clock again");
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
    fn the_distance_is_told_in_its_largest_unit_and_little_is_tolerated() {
        let now = Timestamp::parse("2026-01-01").unwrap();
        let ahead = |seconds: i64| {
            let ahead = Ahead::of(now.plus_millis(seconds * 1000), now);
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
