//! `/_test/drain`

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::rt::time::timeout;

use super::error::ControlError;
use super::request::{ControlRequest, ControlResult};
use crate::model::parse::fields::{Body, Fields};
use crate::model::values::number::Integer;

/// How long a request waits unless it says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest wait, in milliseconds.
const MAX_TIMEOUT: i64 = 60_000;

struct Drain {
    timeout: Duration,
}

impl Body for Drain {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let millis = fields.optional::<Integer<0, MAX_TIMEOUT>>("timeout_ms");
        let to_duration = |millis: Integer<0, MAX_TIMEOUT>| {
            Duration::from_millis(u64::try_from(millis.get()).unwrap_or(0))
        };
        Some(Self { timeout: millis.map_or(DEFAULT_TIMEOUT, to_duration) })
    }
}

/// POST `/_test/drain`
pub(super) async fn wait(request: ControlRequest) -> ControlResult {
    let Drain { timeout: limit } = request.body()?;
    // In real time, because receivers respond in real time.
    match timeout(limit, request.control.state.drains.wait()).await {
        Ok(true) => Ok(HttpResponse::NoContent().finish()),
        Ok(false) | Err(_) => Err(ControlError::NotDrained(limit.as_millis())),
    }
}
