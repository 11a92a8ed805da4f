//! The values of a metric at the moment of a scrape.

use std::borrow::Cow;

use crate::model::histogram::HistogramValues;

pub(super) type Labels = Vec<(&'static str, Cow<'static, str>)>;

#[derive(Debug)]
pub(super) struct Sample {
    pub labels: Labels,
    pub value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Counter(u64),
    Gauge(f64),
    Histogram {
        values: HistogramValues,
        /// How many of the units that were counted make one of the metric's.
        per_unit: f64,
    },
    Info,
}

impl Sample {
    pub fn counter(count: u64) -> Self {
        Self { labels: Labels::new(), value: Value::Counter(count) }
    }

    /// A value that isn't known is NaN.
    pub fn gauge(value: impl Into<Option<f64>>) -> Self {
        Self { labels: Labels::new(), value: Value::Gauge(value.into().unwrap_or(f64::NAN)) }
    }

    /// A number that is at most 2^53, so that a float has all of its digits.
    pub fn number(value: impl Into<Option<u64>>) -> Self {
        Self::gauge(value.into().map(|value| value as f64))
    }

    pub fn flag(value: bool) -> Self {
        Self::gauge(f64::from(u8::from(value)))
    }

    /// A histogram of numbers.
    pub fn numbers(values: HistogramValues) -> Self {
        Self { labels: Labels::new(), value: Value::Histogram { values, per_unit: 1.0 } }
    }

    /// A histogram of durations, which are counted in microseconds.
    pub fn durations(values: HistogramValues) -> Self {
        Self { labels: Labels::new(), value: Value::Histogram { values, per_unit: 1e6 } }
    }

    pub fn info() -> Self {
        Self { labels: Labels::new(), value: Value::Info }
    }

    pub fn with(mut self, label: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.labels.push((label, value.into()));
        self
    }
}
