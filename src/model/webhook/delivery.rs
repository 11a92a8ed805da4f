//! Deliveries of an event to an endpoint, and their attempts.

use std::time::Duration;

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::id::DeliveryId;
use crate::model::values::time::Timestamp;

/// How much of a response is kept, in bytes.
pub const KEPT_RESPONSE: usize = 4 << 10;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryStatus {
    /// Waits for its first or next attempt.
    Pending,
    Delivered,
    /// All attempts failed, or the endpoint said that it is gone.
    Failed,
    /// Not attempted, because the endpoint is disabled.
    Skipped,
}

/// A row of the delivery log.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    pub id: DeliveryId,
    /// The event's id, by which receivers deduplicate.
    pub event_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub status: DeliveryStatus,
    /// How many attempts were made.
    pub attempts: u32,
    pub created_at: Timestamp,
    /// When the next attempt is due; `None` when there won't be one.
    pub next_attempt_at: Option<Timestamp>,
    /// Whether it waits because the database was restored from a backup.
    pub held: bool,
    /// What the last attempt ended with.
    pub last_attempt: Option<Attempt>,
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    pub started_at: Timestamp,
    #[serde(serialize_with = "milliseconds", rename = "duration_ms")]
    pub duration: Duration,
    /// Where it went.
    pub url: String,
    /// The response's status; `None` when there was no complete response.
    pub status: Option<u16>,
    /// Why it failed, for people; `None` when it succeeded.
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

/// What an attempt ended with.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub started_at: Timestamp,
    pub duration: Duration,
    pub url: String,
    pub status: Option<u16>,
    /// `None` means that it succeeded.
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

    /// Whether the receiver said that it is gone for good.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}
