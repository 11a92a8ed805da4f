//! The table of metrics: the name, type, labels, and meaning of each, and where its values come from.
//! All of them are there from the start, with every value of their labels.
//!
//! Names follow the conventions of Prometheus and OpenMetrics: base units, the unit at the end, and
//! `_total` for counters. The prefix, the unit, and the suffixes `_total` and `_info` are added when
//! they are written.

use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::connections::RefusedConnection;
use super::refusals::Refusal;
use super::sample::Sample;
use super::scrape::{Scrape, unix_seconds};
use crate::model::webhook::endpoint::DisabledReason;
use crate::service::backups::after::AfterStatus;
use crate::service::backups::schedule::{BackupSchedule, BackupStatus};

/// The prefix of all names.
pub(super) const PREFIX: &str = "pivotal";

#[derive(Debug)]
pub(super) struct Metric {
    /// Without the prefix, the unit, and the suffix.
    pub name: &'static str,
    pub kind: MetricType,
    pub unit: Option<Unit>,
    pub help: &'static str,
    pub read: fn(&Scrape<'_>) -> Vec<Sample>,
}

#[rustfmt::skip]
pub(super) const METRICS: &[Metric] = &[
    // pivotal_http_requests_total{operation,status}
    Metric { name: "http_requests", kind: MetricType::Counter, unit: None,
        help: "Requests, by operation and by the status of the response.",
        read: http_requests },
    // pivotal_http_request_duration_seconds{operation}
    Metric { name: "http_request_duration", kind: MetricType::Histogram, unit: Some(Unit::Seconds),
        help: "Time from the headers of a request until its response was ready.",
        read: http_request_durations },
    // pivotal_http_requests_refused_total{reason}
    Metric { name: "http_requests_refused", kind: MetricType::Counter, unit: None,
        help: "Requests that were refused because of a limit.",
        read: http_requests_refused },
    // pivotal_http_connections
    Metric { name: "http_connections", kind: MetricType::Gauge, unit: None,
        help: "Open connections.",
        read: |scrape| vec![Sample::number(scrape.service.metrics.connections.open())] },
    // pivotal_http_connections_refused_total{reason}: the reasons are named after the settings
    Metric { name: "http_connections_refused", kind: MetricType::Counter, unit: None,
        help: "Connections that were refused because of connections.max or connections.per_address.",
        read: http_connections_refused },

    // pivotal_write_queue_jobs
    Metric { name: "write_queue_jobs", kind: MetricType::Gauge, unit: None,
        help: "Changes that wait to be written.",
        read: |scrape| vec![Sample::number(scrape.service.store.write_stats().waiting())] },
    // pivotal_write_group_jobs
    Metric { name: "write_group_jobs", kind: MetricType::Histogram, unit: None,
        help: "Changes that were written in one transaction.",
        read: |scrape| vec![Sample::numbers(scrape.service.store.write_stats().group_jobs())] },
    // pivotal_write_failures_total
    Metric { name: "write_failures", kind: MetricType::Counter, unit: None,
        help: "Transactions that could not be stored, for example because the disk was full.",
        read: |scrape| vec![Sample::counter(scrape.service.store.write_stats().failures())] },
    // pivotal_commit_duration_seconds
    Metric { name: "commit_duration", kind: MetricType::Histogram, unit: Some(Unit::Seconds),
        help: "Time to store a transaction on disk.",
        read: |scrape| vec![Sample::durations(scrape.service.store.write_stats().commits())] },
    // pivotal_checkpoint_duration_seconds
    Metric { name: "checkpoint_duration", kind: MetricType::Histogram, unit: Some(Unit::Seconds),
        help: "Time to copy the write-ahead log into the database file.",
        read: |scrape| vec![Sample::durations(scrape.service.store.write_stats().checkpoints())] },

    // pivotal_database_bytes
    Metric { name: "database", kind: MetricType::Gauge, unit: Some(Unit::Bytes),
        help: "Size of the database file.",
        read: |scrape| vec![Sample::number(scrape.disk.database)] },
    // pivotal_wal_bytes
    Metric { name: "wal", kind: MetricType::Gauge, unit: Some(Unit::Bytes),
        help: "Size of the file of the write-ahead log.",
        read: |scrape| vec![Sample::number(scrape.disk.wal)] },
    // pivotal_disk_free_bytes
    Metric { name: "disk_free", kind: MetricType::Gauge, unit: Some(Unit::Bytes),
        help: "Free space on the disk of the data directory.",
        read: |scrape| vec![Sample::number(scrape.disk.free)] },
    // pivotal_database_damaged
    Metric { name: "database_damaged", kind: MetricType::Gauge, unit: None,
        help: "1 if the database is damaged, is being checked for damage, or was moved away.",
        read: |scrape| vec![Sample::flag(scrape.service.store.ensure_intact().is_err())] },

    // pivotal_backup_interval_seconds
    Metric { name: "backup_interval", kind: MetricType::Gauge, unit: Some(Unit::Seconds),
        help: "The setting backup.every, or 0 if scheduled backups are off.",
        read: |scrape| {
            let every = scrape.service.settings.backup.every;
            vec![Sample::gauge(every.map_or(0.0, |every| every.as_secs_f64()))]
        } },
    // pivotal_backup_last_success_timestamp_seconds
    Metric { name: "backup_last_success_timestamp", kind: MetricType::Gauge, unit: Some(Unit::Seconds),
        help: "When the newest scheduled backup was made, in seconds since 1970, or 0 if there is none.",
        read: |scrape| vec![Sample::gauge(scrape.last_backup().map_or(0.0, unix_seconds))] },
    // pivotal_backup_failed
    Metric { name: "backup_failed", kind: MetricType::Gauge, unit: None,
        help: "1 if the last scheduled backup failed.",
        read: |scrape| vec![Sample::flag(matches!(scrape.backup, Some(BackupStatus::Failed { .. })))] },
    // pivotal_backup_after_failed
    Metric { name: "backup_after_failed", kind: MetricType::Gauge, unit: None,
        help: "1 if the last run of the command backup.after failed.",
        read: |scrape| {
            let status = scrape.service.backups.as_ref().and_then(BackupSchedule::after_status);
            vec![Sample::flag(matches!(status, Some(AfterStatus::Failed { .. })))]
        } },

    // pivotal_webhook_attempts_total{result}
    Metric { name: "webhook_attempts", kind: MetricType::Counter, unit: None,
        help: "Attempts to deliver webhooks.",
        read: |scrape| {
            let (succeeded, failed) = scrape.service.metrics.webhooks.attempts();
            counters("result", [("succeeded", succeeded), ("failed", failed)])
        } },
    // pivotal_webhook_attempt_duration_seconds
    Metric { name: "webhook_attempt_duration", kind: MetricType::Histogram, unit: Some(Unit::Seconds),
        help: "Time that attempts to deliver webhooks took.",
        read: |scrape| vec![Sample::durations(scrape.service.metrics.webhooks.durations())] },
    // pivotal_webhook_deliveries_total{result}
    Metric { name: "webhook_deliveries", kind: MetricType::Counter, unit: None,
        help: "Webhooks that were delivered, or that failed after their last attempt.",
        read: |scrape| {
            let (delivered, failed) = scrape.service.metrics.webhooks.deliveries();
            counters("result", [("delivered", delivered), ("failed", failed)])
        } },
    // pivotal_webhook_backlog
    Metric { name: "webhook_backlog", kind: MetricType::Gauge, unit: None,
        help: "Webhooks that wait for their next attempt, counted up to 10000.",
        read: |scrape| {
            vec![Sample::number(scrape.webhooks.as_ref().map(|webhooks| webhooks.backlog.deliveries))]
        } },
    // pivotal_webhook_oldest_undelivered_age_seconds
    Metric { name: "webhook_oldest_undelivered_age", kind: MetricType::Gauge, unit: Some(Unit::Seconds),
        help: "Age of the oldest webhook in the backlog, or 0 if there is none.",
        read: |scrape| vec![Sample::gauge(scrape.oldest_undelivered())] },
    // pivotal_webhook_endpoints_disabled{reason}
    Metric { name: "webhook_endpoints_disabled", kind: MetricType::Gauge, unit: None,
        help: "Disabled webhook endpoints, by the reason why they were disabled.",
        read: webhook_endpoints_disabled },

    // pivotal_build_info{version}
    Metric { name: "build", kind: MetricType::Info, unit: None,
        help: "The version of the server.",
        read: |_| vec![Sample::info().with("version", env!("CARGO_PKG_VERSION"))] },
    // pivotal_start_time_seconds
    Metric { name: "start_time", kind: MetricType::Gauge, unit: Some(Unit::Seconds),
        help: "When the server started, in seconds since 1970.",
        read: |scrape| vec![Sample::gauge(unix_seconds(scrape.service.metrics.started))] },
];

fn counters<const N: usize>(label: &'static str, counts: [(&'static str, u64); N]) -> Vec<Sample> {
    counts.into_iter().map(|(value, count)| Sample::counter(count).with(label, value)).collect()
}

fn http_requests(scrape: &Scrape<'_>) -> Vec<Sample> {
    let operations = scrape.service.metrics.requests.operations();
    let samples = operations.flat_map(|(operation, metrics)| {
        metrics.responses().map(move |(status, count)| {
            let sample = Sample::counter(count).with("operation", operation);
            sample.with("status", status.to_string())
        })
    });
    samples.collect()
}

fn http_request_durations(scrape: &Scrape<'_>) -> Vec<Sample> {
    let operations = scrape.service.metrics.requests.operations();
    let samples = operations.map(|(operation, metrics)| {
        Sample::durations(metrics.durations()).with("operation", operation)
    });
    samples.collect()
}

fn http_requests_refused(scrape: &Scrape<'_>) -> Vec<Sample> {
    let service = scrape.service;
    let count = |refusal| service.metrics.refusals.get(refusal);
    counters(
        "reason",
        [
            ("rate_limit", count(Refusal::RateLimit)),
            ("wrong_secrets", count(Refusal::WrongSecrets)),
            ("hash_queue_full", count(Refusal::HashQueueFull)),
            ("read_queue_full", service.refused_reads()),
            ("write_queue_full", service.store.write_stats().refused()),
        ],
    )
}

fn http_connections_refused(scrape: &Scrape<'_>) -> Vec<Sample> {
    let count = |reason| scrape.service.metrics.connections.count_refused(reason);
    counters(
        "reason",
        [
            ("max", count(RefusedConnection::Max)),
            ("per_address", count(RefusedConnection::PerAddress)),
        ],
    )
}

fn webhook_endpoints_disabled(scrape: &Scrape<'_>) -> Vec<Sample> {
    let reasons = [DisabledReason::Admin, DisabledReason::Failures, DisabledReason::Gone];
    let sample = |reason| {
        Sample::number(scrape.disabled(reason)).with("reason", <&'static str>::from(reason))
    };
    reasons.into_iter().map(sample).collect()
}
