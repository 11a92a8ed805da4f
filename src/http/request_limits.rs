//! Limits on the size of request headers and bodies, and on the time that a body may take.

use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use tokio::time::timeout_at;

use super::connection_state::{ConnectionState, body_length};
use super::transfer_timeout::TransferTimeout;
use crate::settings::Connections;

/// The maximum total length of all header names and values.
const MAX_HEADER_BYTES: usize = 32 << 10;
/// How much more of a body that is too large is read and discarded, so that the client can finish
/// sending it and read the response. The connection is closed if the client sends even more.
const MAX_DRAINED: usize = 8 << 20;

/// Why a body was rejected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is too large")]
    TooLarge,
    #[error("the body arrived too slowly")]
    TooSlow,
    /// The client stopped sending it, or its encoding is invalid.
    #[error("the body could not be read: {0}")]
    Broken(PayloadError),
}

/// Returns whether the headers are within the limit.
pub(crate) fn headers_fit(headers: &HeaderMap) -> bool {
    let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    length <= MAX_HEADER_BYTES
}

/// Reads a whole body of at most `limit` bytes.
///
/// The headers determine where the body ends. For `Upgrade: websocket`, actix-http treats
/// everything that follows as the body, so waiting for its end would mean waiting for the client to
/// disconnect.
pub(crate) async fn read_body(
    request: &HttpRequest,
    mut payload: Payload,
    limit: usize,
    settings: &Connections,
) -> Result<Bytes, BodyError> {
    let length = body_length(request.headers());
    let state = request.conn_data::<Rc<ConnectionState>>();
    if let Some(state) = state {
        state.start_reading_body();
    }
    let mut timeout = TransferTimeout::new(settings);
    let mut body = BytesMut::new();
    let mut total: u64 = 0;
    while length.is_none_or(|length| total < length) {
        if let (Some(state), Some(length)) = (state, length) {
            state.set_body_left(length - total);
        }
        let next = timeout_at(timeout.wait_deadline(), payload.next()).await;
        let Some(chunk) = next.map_err(|_| BodyError::TooSlow)? else { break };
        let mut chunk = chunk.map_err(BodyError::Broken)?;
        timeout.progress(chunk.len());
        if let Some(length) = length {
            // Anything after the body is not part of it.
            chunk.truncate(usize::try_from(length - total).unwrap_or(usize::MAX));
        }
        total += chunk.len() as u64;
        if total > (limit + MAX_DRAINED) as u64 {
            return Err(BodyError::TooLarge);
        }
        if total <= limit as u64 {
            body.extend_from_slice(&chunk);
        }
    }
    if let Some(state) = state {
        state.finish_reading_body();
    }
    if total > limit as u64 { Err(BodyError::TooLarge) } else { Ok(body.freeze()) }
}
