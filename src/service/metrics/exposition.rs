//! Writes the metrics in the text format of OpenMetrics.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::registry::Registry;

use super::sample::{Sample, Value};
use super::scrape::Scrape;
use super::table::{METRICS, Metric, PREFIX};
use crate::service::Service;

pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Returns the values of all metrics.
///
/// # Errors
/// None in practice: writing to memory doesn't fail.
pub(crate) fn expose(service: &Service) -> Result<String, fmt::Error> {
    let scrape = Scrape::new(service);
    let values = METRICS.iter().map(|metric| (metric, (metric.read)(&scrape))).collect();
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Values(values)));
    let mut out = String::with_capacity(64 << 10);
    text::encode(&mut out, &registry)?;
    Ok(out)
}

#[derive(Debug)]
struct Values(Vec<(&'static Metric, Vec<Sample>)>);

impl Collector for Values {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (metric, samples) in &self.0 {
            let unit = metric.unit.as_ref();
            let kind = metric.kind;
            let mut encoder = encoder.encode_descriptor(metric.name, metric.help, unit, kind)?;
            for sample in samples {
                encode(&mut encoder, sample)?;
            }
        }
        Ok(())
    }
}

fn encode(encoder: &mut MetricEncoder<'_>, sample: &Sample) -> fmt::Result {
    if matches!(sample.value, Value::Info) {
        return encoder.encode_info(&sample.labels);
    }
    let mut encoder = encoder.encode_family(&sample.labels)?;
    match &sample.value {
        Value::Counter(count) => encoder.encode_counter::<NoLabelSet, _, u64>(count, None),
        Value::Gauge(value) => encoder.encode_gauge(value),
        Value::Histogram { values, per_unit } => {
            let bounds = values.bounds.iter().map(|&bound| bound as f64 / per_unit);
            let buckets: Vec<(f64, u64)> =
                bounds.chain([f64::INFINITY]).zip(values.counts.iter().copied()).collect();
            let count = values.counts.iter().sum();
            let sum = values.sum as f64 / per_unit;
            encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
        }
        Value::Info => Ok(()),
    }
}
