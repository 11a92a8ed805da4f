//! The server's metrics, for Prometheus and others that read OpenMetrics. Nothing is computed until
//! they are scraped.

mod connections;
mod exposition;
mod refusals;
mod requests;
mod sample;
mod scrape;
mod table;
mod webhooks;

use std::sync::Arc;

pub(crate) use self::connections::{ConnectionCounts, RefusedConnection};
pub(crate) use self::exposition::{CONTENT_TYPE, expose};
pub(crate) use self::refusals::{Refusal, Refusals};
use self::requests::RequestMetrics;
use self::webhooks::WebhookMetrics;
use crate::model::values::time::Timestamp;

/// What the server counts in addition to what its parts count by themselves.
pub(crate) struct Metrics {
    pub started: Timestamp,
    pub requests: RequestMetrics,
    pub refusals: Refusals,
    pub connections: Arc<ConnectionCounts>,
    pub webhooks: WebhookMetrics,
}

impl Metrics {
    pub fn new(started: Timestamp) -> Self {
        Self {
            started,
            requests: RequestMetrics::default(),
            refusals: Refusals::default(),
            connections: Arc::default(),
            webhooks: WebhookMetrics::default(),
        }
    }
}
