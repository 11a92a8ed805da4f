//! Counts attempts to deliver webhooks, and what became of the deliveries.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::histogram::{Histogram, HistogramValues};
use crate::store::webhooks::attempts::{Finished, Recorded};

#[derive(Debug)]
pub(crate) struct WebhookMetrics {
    succeeded: AtomicU64,
    failed: AtomicU64,
    durations: Histogram,
    delivered: AtomicU64,
    given_up: AtomicU64,
}

impl Default for WebhookMetrics {
    fn default() -> Self {
        Self {
            succeeded: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            durations: Histogram::of_durations(),
            delivered: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        }
    }
}

impl WebhookMetrics {
    /// Counts attempts whose results were stored.
    pub fn record(&self, attempts: &[Finished], recorded: &Recorded) {
        for attempt in attempts {
            let by_result =
                if attempt.outcome.succeeded() { &self.succeeded } else { &self.failed };
            by_result.fetch_add(1, Ordering::Relaxed);
            self.durations.observe_duration(attempt.outcome.duration);
        }
        self.delivered.fetch_add(recorded.delivered, Ordering::Relaxed);
        self.given_up.fetch_add(recorded.failed, Ordering::Relaxed);
    }

    /// Returns how many attempts succeeded, and how many failed.
    pub(super) fn attempts(&self) -> (u64, u64) {
        (self.succeeded.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    pub(super) fn durations(&self) -> HistogramValues {
        self.durations.values()
    }

    /// Returns how many deliveries arrived, and how many failed after their last attempt.
    pub(super) fn deliveries(&self) -> (u64, u64) {
        (self.delivered.load(Ordering::Relaxed), self.given_up.load(Ordering::Relaxed))
    }
}
