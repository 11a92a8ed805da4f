//! Counts requests and their durations, by operation. The operations are a closed set, so that no
//! client can add series: everything that isn't an operation of the API has one name per kind.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::model::histogram::{Histogram, HistogramValues};
use crate::service::access_log::{OperationKind, UsedOperation};

const ADMIN: &str = "admin";
const DOCS: &str = "docs";
const TEST_CONTROL: &str = "test-control";
/// For paths and methods that nothing serves.
const UNKNOWN: &str = "unknown";

/// Statuses that are there before a response has them, so that the first one counts as an increase.
const FROM_THE_START: [u16; 10] = [200, 201, 400, 401, 403, 404, 409, 429, 500, 503];
const STATUSES: std::ops::Range<u16> = 100..600;

pub(crate) struct RequestMetrics {
    operations: BTreeMap<&'static str, OperationMetrics>,
}

pub(super) struct OperationMetrics {
    /// For each status in [`STATUSES`].
    responses: Box<[AtomicU64]>,
    durations: Histogram,
}

impl Default for OperationMetrics {
    fn default() -> Self {
        let responses = STATUSES.map(|_| AtomicU64::new(0)).collect();
        Self { responses, durations: Histogram::of_durations() }
    }
}

impl Default for RequestMetrics {
    fn default() -> Self {
        let mut metrics = Self { operations: BTreeMap::new() };
        metrics.register([ADMIN, DOCS, TEST_CONTROL, UNKNOWN]);
        metrics
    }
}

impl RequestMetrics {
    /// Adds the operations of the API.
    pub fn register(&mut self, operations: impl IntoIterator<Item = &'static str>) {
        self.operations.extend(operations.into_iter().map(|id| (id, OperationMetrics::default())));
    }

    /// Counts a request. `operation` is `None` if nothing serves its path or its method.
    pub fn record(&self, operation: Option<UsedOperation>, status: u16, took: Duration) {
        let label = operation.map_or(UNKNOWN, |operation| match operation.kind {
            OperationKind::Api | OperationKind::Probe => operation.id,
            OperationKind::AdminPage | OperationKind::Asset => ADMIN,
            OperationKind::Docs => DOCS,
            OperationKind::TestControl => TEST_CONTROL,
        });
        let metrics = self.operations.get(label).or_else(|| self.operations.get(UNKNOWN));
        if let Some(metrics) = metrics {
            let status = status.clamp(STATUSES.start, STATUSES.end - 1) - STATUSES.start;
            metrics.responses[usize::from(status)].fetch_add(1, Ordering::Relaxed);
            metrics.durations.observe_duration(took);
        }
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = (&'static str, &OperationMetrics)> {
        self.operations.iter().map(|(&id, metrics)| (id, metrics))
    }
}

impl OperationMetrics {
    /// Returns the number of responses by status.
    pub fn responses(&self) -> impl Iterator<Item = (u16, u64)> {
        let all = STATUSES.zip(&self.responses);
        let counts = all.map(|(status, count)| (status, count.load(Ordering::Relaxed)));
        counts.filter(|(status, count)| *count > 0 || FROM_THE_START.contains(status))
    }

    pub fn durations(&self) -> HistogramValues {
        self.durations.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_count_for_their_operation_and_no_other_name_gets_in() {
        let mut metrics = RequestMetrics::default();
        metrics.register(["get-me"]);
        let used = |id, kind| Some(UsedOperation::new(id, kind));
        for (operation, status) in [
            (used("get-me", OperationKind::Api), 200),
            (used("get-me", OperationKind::Api), 418),
            (used("admin-overview", OperationKind::AdminPage), 200),
            (used("admin-asset", OperationKind::Asset), 200),
            (used("forgotten", OperationKind::Api), 200),
            (None, 404),
            (None, 999),
        ] {
            metrics.record(operation, status, Duration::ZERO);
        }
        let counted = |id: &str| {
            let (_, metrics) = metrics.operations().find(|(other, _)| *other == id).unwrap();
            metrics.responses().filter(|(_, count)| *count > 0).collect::<Vec<_>>()
        };
        assert_eq!(counted("get-me"), [(200, 1), (418, 1)]);
        assert_eq!(counted("admin"), [(200, 2)]);
        assert_eq!(counted("unknown"), [(200, 1), (404, 1), (599, 1)]);
        assert_eq!(metrics.operations().count(), 5);
    }
}
