//! Counts requests that were refused because of a limit.

use std::sync::atomic::{AtomicU64, Ordering};

/// Which limit was reached. The queues of reads and of writes count by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The requests of an API key.
    RateLimit,
    /// The wrong keys or passwords of a client.
    WrongSecrets,
    /// The keys or passwords that wait to be verified.
    HashQueueFull,
}

#[derive(Debug, Default)]
pub(crate) struct Refusals {
    rate_limit: AtomicU64,
    wrong_secrets: AtomicU64,
    hash_queue_full: AtomicU64,
}

impl Refusals {
    pub fn count(&self, refusal: Refusal) {
        self.counter(refusal).fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self, refusal: Refusal) -> u64 {
        self.counter(refusal).load(Ordering::Relaxed)
    }

    fn counter(&self, refusal: Refusal) -> &AtomicU64 {
        match refusal {
            Refusal::RateLimit => &self.rate_limit,
            Refusal::WrongSecrets => &self.wrong_secrets,
            Refusal::HashQueueFull => &self.hash_queue_full,
        }
    }
}
