//! Observing a server: its log and its metrics.

mod logs;
mod metrics;
mod openmetrics;
