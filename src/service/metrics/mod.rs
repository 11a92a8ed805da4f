//! The server's metrics, for Prometheus and others that read OpenMetrics.

mod table;
