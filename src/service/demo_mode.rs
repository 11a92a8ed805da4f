//! A server that shows demo data to visitors, and resets it regularly.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::model::clock::{Clock, Monotonic};
use crate::model::key::KeyId;
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;

const RESET_EVERY: Duration = Duration::from_secs(60 * 60);

/// What a reset leaves in place, and when the next one is due.
pub struct DemoMode {
    pub(crate) workspace: Slug,
    pub(crate) keys: Vec<KeyId>,
    /// In microseconds of the monotonic clock.
    next_reset: AtomicI64,
}

impl DemoMode {
    pub(super) fn new(workspace: Slug, keys: Vec<KeyId>, clock: &dyn Clock) -> Self {
        let demo = Self { workspace, keys, next_reset: AtomicI64::new(0) };
        demo.schedule_reset(clock);
        demo
    }

    /// Returns the time of the next reset on the wall clock.
    pub fn next_reset(&self, clock: &dyn Clock) -> Timestamp {
        clock.now().plus(self.due().since(clock.monotonic()))
    }

    pub(crate) fn schedule_reset(&self, clock: &dyn Clock) {
        let due = clock.monotonic().plus(RESET_EVERY);
        self.next_reset.store(due.as_micros(), Ordering::Relaxed);
    }

    pub(crate) async fn sleep_until_reset(&self, clock: &dyn Clock) {
        clock.sleep_until(self.due()).await;
    }

    fn due(&self) -> Monotonic {
        Monotonic::from_micros(self.next_reset.load(Ordering::Relaxed))
    }
}
