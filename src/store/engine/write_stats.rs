//! What the writer has done so far, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::histogram::{Histogram, HistogramValues};

/// Upper bounds for the number of jobs in a transaction.
const GROUP_SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// Counters of the writer and of checkpoints. Reading them costs the writer nothing.
#[derive(Debug)]
pub struct WriteStats {
    waiting: AtomicU64,
    refused: AtomicU64,
    failures: AtomicU64,
    group_jobs: Histogram,
    commits: Histogram,
    checkpoints: Histogram,
}

impl Default for WriteStats {
    fn default() -> Self {
        Self {
            waiting: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            group_jobs: Histogram::new(GROUP_SIZES),
            commits: Histogram::of_durations(),
            checkpoints: Histogram::of_durations(),
        }
    }
}

impl WriteStats {
    /// The number of jobs in the queue.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The number of jobs that were refused because the queue was full.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// The number of transactions that could not be stored.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// The number of jobs in each transaction.
    pub fn group_jobs(&self) -> HistogramValues {
        self.group_jobs.values()
    }

    /// How long commits took, including the sync.
    pub fn commits(&self) -> HistogramValues {
        self.commits.values()
    }

    /// How long passes over the write-ahead log took.
    pub fn checkpoints(&self) -> HistogramValues {
        self.checkpoints.values()
    }

    /// Call it before the job is sent, so that the writer can't count it as started first.
    pub(super) fn job_queued(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn job_refused(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn job_started(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn group_written(&self, jobs: u64) {
        self.group_jobs.observe(jobs);
    }

    pub(super) fn group_failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, took: std::time::Duration) {
        self.commits.observe_duration(took);
    }

    pub(super) fn checkpointed(&self, took: std::time::Duration) {
        self.checkpoints.observe_duration(took);
    }
}
