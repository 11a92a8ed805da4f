//! The table of metrics: the name, type, labels, and meaning of each. All of them are there from the
//! start, with every value of their labels.
//!
//! Names follow the conventions of Prometheus and OpenMetrics: base units, the unit at the end, and
//! `_total` for counters. The prefix `pivotal_`, the unit, and `_total` are added when they are
//! written.

#![expect(dead_code, reason = "nothing serves the metrics yet")]

/// The prefix of all names.
pub(super) const PREFIX: &str = "pivotal";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    None,
    Seconds,
    Bytes,
}

#[derive(Debug)]
pub(super) struct Metric {
    /// Without the prefix, the unit, and `_total`.
    pub name: &'static str,
    pub kind: Kind,
    pub unit: Unit,
    /// The labels, each with its values, if they are the same for every server.
    pub labels: &'static [(&'static str, &'static [&'static str])],
    pub help: &'static str,
}

#[rustfmt::skip]
pub(super) const METRICS: &[Metric] = &[
    // pivotal_http_requests_total. Operations are the operation IDs of the API and of the health
    // checks, `admin`, `docs`, `test-control`, and `unknown`. Statuses that are rare appear with
    // the first response that has them.
    Metric { name: "http_requests", kind: Kind::Counter, unit: Unit::None,
        labels: &[("operation", &[]), ("status", &["200", "201", "400", "401", "403", "404", "409", "429", "500", "503"])],
        help: "Requests, by operation and status of the response" },
    // pivotal_http_request_duration_seconds
    Metric { name: "http_request_duration", kind: Kind::Histogram, unit: Unit::Seconds,
        labels: &[("operation", &[])],
        help: "Time from the headers of a request until its response was ready" },
    // pivotal_http_requests_refused_total
    Metric { name: "http_requests_refused", kind: Kind::Counter, unit: Unit::None,
        labels: &[("reason", &["rate_limit", "wrong_secrets", "hash_queue_full", "read_queue_full", "write_queue_full"])],
        help: "Requests refused because of a limit" },
    // pivotal_http_connections
    Metric { name: "http_connections", kind: Kind::Gauge, unit: Unit::None, labels: &[],
        help: "Open connections" },
    // pivotal_http_connections_refused_total. The reasons are named after the settings.
    Metric { name: "http_connections_refused", kind: Kind::Counter, unit: Unit::None,
        labels: &[("reason", &["max", "per_address"])],
        help: "Connections refused because of connections.max or connections.per_address" },

    // pivotal_write_queue_jobs
    Metric { name: "write_queue_jobs", kind: Kind::Gauge, unit: Unit::None, labels: &[],
        help: "Changes that wait to be written" },
    // pivotal_write_group_jobs
    Metric { name: "write_group_jobs", kind: Kind::Histogram, unit: Unit::None, labels: &[],
        help: "Changes that were written in one transaction" },
    // pivotal_write_failures_total
    Metric { name: "write_failures", kind: Kind::Counter, unit: Unit::None, labels: &[],
        help: "Transactions that could not be stored, such as on a full disk" },
    // pivotal_commit_duration_seconds
    Metric { name: "commit_duration", kind: Kind::Histogram, unit: Unit::Seconds, labels: &[],
        help: "Time to store a transaction on disk" },
    // pivotal_checkpoint_duration_seconds
    Metric { name: "checkpoint_duration", kind: Kind::Histogram, unit: Unit::Seconds, labels: &[],
        help: "Time to copy the write-ahead log into the database file" },

    // pivotal_database_bytes
    Metric { name: "database", kind: Kind::Gauge, unit: Unit::Bytes, labels: &[],
        help: "Size of the database file" },
    // pivotal_wal_bytes
    Metric { name: "wal", kind: Kind::Gauge, unit: Unit::Bytes, labels: &[],
        help: "Size of the write-ahead log's file" },
    // pivotal_disk_free_bytes
    Metric { name: "disk_free", kind: Kind::Gauge, unit: Unit::Bytes, labels: &[],
        help: "Free space on the disk of the data directory" },
    // pivotal_database_damaged
    Metric { name: "database_damaged", kind: Kind::Gauge, unit: Unit::None, labels: &[],
        help: "1 if the database is damaged, is being checked for damage, or was moved away" },

    // pivotal_backup_interval_seconds
    Metric { name: "backup_interval", kind: Kind::Gauge, unit: Unit::Seconds, labels: &[],
        help: "The setting backup.every, or 0 if scheduled backups are off" },
    // pivotal_backup_last_success_timestamp_seconds
    Metric { name: "backup_last_success_timestamp", kind: Kind::Gauge, unit: Unit::Seconds, labels: &[],
        help: "When the newest backup was made, in seconds since 1970, or 0 if there is none" },
    // pivotal_backup_failed
    Metric { name: "backup_failed", kind: Kind::Gauge, unit: Unit::None, labels: &[],
        help: "1 if the last scheduled backup failed" },
    // pivotal_backup_after_failed
    Metric { name: "backup_after_failed", kind: Kind::Gauge, unit: Unit::None, labels: &[],
        help: "1 if the last run of the command backup.after failed" },

    // pivotal_webhook_attempts_total
    Metric { name: "webhook_attempts", kind: Kind::Counter, unit: Unit::None,
        labels: &[("result", &["succeeded", "failed"])],
        help: "Attempts to deliver webhooks" },
    // pivotal_webhook_attempt_duration_seconds
    Metric { name: "webhook_attempt_duration", kind: Kind::Histogram, unit: Unit::Seconds, labels: &[],
        help: "Time that attempts to deliver webhooks took" },
    // pivotal_webhook_deliveries_total
    Metric { name: "webhook_deliveries", kind: Kind::Counter, unit: Unit::None,
        labels: &[("result", &["delivered", "failed"])],
        help: "Webhooks that were delivered, or failed after their last attempt" },
    // pivotal_webhook_backlog
    Metric { name: "webhook_backlog", kind: Kind::Gauge, unit: Unit::None, labels: &[],
        help: "Webhooks that wait for their next attempt, counted up to 10000" },
    // pivotal_webhook_oldest_undelivered_age_seconds
    Metric { name: "webhook_oldest_undelivered_age", kind: Kind::Gauge, unit: Unit::Seconds, labels: &[],
        help: "Age of the oldest webhook in the backlog, or 0 if there is none" },
    // pivotal_webhook_endpoints_disabled
    Metric { name: "webhook_endpoints_disabled", kind: Kind::Gauge, unit: Unit::None,
        labels: &[("reason", &["admin", "failures", "gone"])],
        help: "Disabled webhook endpoints, by why they were disabled" },

    // pivotal_build_info, with the label `version`
    Metric { name: "build", kind: Kind::Info, unit: Unit::None, labels: &[("version", &[])],
        help: "The version of the server" },
    // pivotal_start_time_seconds
    Metric { name: "start_time", kind: Kind::Gauge, unit: Unit::Seconds, labels: &[],
        help: "When the server started, in seconds since 1970" },
];
