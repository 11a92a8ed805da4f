//! Counts values in buckets, without a lock, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds for the durations of requests, transactions, and other work, in microseconds.
pub const DURATIONS: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];

/// How many values were observed in each bucket, and their sum.
#[derive(Debug)]
pub struct Histogram {
    /// The largest value of each bucket, in ascending order. Larger values are in one more bucket.
    bounds: &'static [u64],
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// The values of a histogram at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramValues {
    pub bounds: &'static [u64],
    /// The number of values in each bucket, with one more than there are bounds.
    pub counts: Vec<u64>,
    pub sum: u64,
}

impl Histogram {
    pub fn new(bounds: &'static [u64]) -> Self {
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, buckets, sum: AtomicU64::new(0) }
    }

    /// Creates a histogram of durations, which it counts in microseconds.
    pub fn of_durations() -> Self {
        Self::new(DURATIONS)
    }

    pub fn observe(&self, value: u64) {
        let bucket = self.bounds.partition_point(|&bound| bound < value);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    pub fn observe_duration(&self, value: Duration) {
        self.observe(u64::try_from(value.as_micros()).unwrap_or(u64::MAX));
    }

    pub fn values(&self) -> HistogramValues {
        let counts = self.buckets.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        HistogramValues { bounds: self.bounds, counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_in_the_first_bucket_that_it_fits() {
        let histogram = Histogram::new(&[1, 10]);
        for value in [0, 1, 2, 10, 11, 100] {
            histogram.observe(value);
        }
        let values = histogram.values();
        assert_eq!((values.counts, values.sum), (vec![2, 2, 2], 124));
    }

    #[test]
    fn durations_are_counted_in_microseconds() {
        let histogram = Histogram::of_durations();
        histogram.observe_duration(Duration::from_micros(500));
        histogram.observe_duration(Duration::from_secs(11));
        let values = histogram.values();
        assert_eq!((values.counts[0], values.counts[DURATIONS.len()]), (1, 1));
        assert_eq!(values.sum, 11_000_500);
    }
}
