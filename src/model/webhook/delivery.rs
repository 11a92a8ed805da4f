//! Deliveries of an event to an endpoint, and their attempts.

use std::time::Duration;

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::id::DeliveryId;
use crate::model::values::time::Timestamp;

/// How much of a response is kept, in bytes.
pub const KEPT_RESPONSE: usize = 4 << 10;

/// The status of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryStatus {
    /// Waiting for its first or next attempt.
    Pending,
    Delivered,
    /// All attempts failed, or the receiver returned 410 Gone.
    Failed,
    /// Not attempted, because the endpoint is disabled.
    Skipped,
}

/// A row of the delivery log.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    pub id: DeliveryId,
    /// The event's id, which receivers use to deduplicate.
    pub event_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub status: DeliveryStatus,
    /// The number of attempts so far.
    pub attempts: u32,
    pub created_at: Timestamp,
    /// When the next attempt is due; `None` when there won't be one.
    pub next_attempt_at: Option<Timestamp>,
    /// Whether it is on hold because the database was restored from a backup.
    pub held: bool,
    /// The outcome of the last attempt.
    pub last_attempt: Option<Attempt>,
}

/// One attempt at a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Counts from 1.
    pub number: u32,
    pub started_at: Timestamp,
    #[serde(serialize_with = "milliseconds", rename = "duration_ms")]
    pub duration: Duration,
    /// The URL that it was sent to.
    pub url: String,
    /// The response's status; `None` if there was no response.
    pub status: Option<u16>,
    /// Why it failed, in words; `None` if it succeeded.
    pub error: Option<String>,
    /// The first 4 KiB of the response's body, as text.
    pub response: String,
}

fn milliseconds<S: serde::Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1e6).round() / 1e3)
}

/// The outcome of an attempt.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub started_at: Timestamp,
    pub duration: Duration,
    pub url: String,
    pub status: Option<u16>,
    /// `None` if it succeeded.
    pub error: Option<String>,
    /// Up to [`KEPT_RESPONSE`] bytes.
    pub response: Vec<u8>,
    /// From a 429 or 503.
    pub retry_after: Option<Duration>,
}

impl Outcome {
    pub fn succeeded(&self) -> bool {
        self.error.is_none()
    }

    /// Returns whether the receiver is permanently gone.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}
