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

/// How much of a body is read, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit {
    /// The largest body that is accepted.
    pub accepted: u64,
    /// How much more is read and discarded.
    pub drained: u64,
}

impl BodyLimit {
    pub fn new(accepted: usize) -> Self {
        Self { accepted: accepted as u64, drained: MAX_DRAINED as u64 }
    }
}

/// Reads a body in chunks.
///
/// The headers determine where the body ends. For `Upgrade: websocket`, actix-http treats
/// everything that follows as the body, so waiting for its end would mean waiting for the client to
/// disconnect.
pub(crate) struct BodyReader {
    payload: Payload,
    length: Option<u64>,
    total: u64,
    limit: BodyLimit,
    timeout: TransferTimeout,
    state: Option<Rc<ConnectionState>>,
}

impl BodyReader {
    pub fn new(
        request: &HttpRequest,
        payload: Payload,
        limit: BodyLimit,
        settings: &Connections,
    ) -> Self {
        let state = request.conn_data::<Rc<ConnectionState>>().cloned();
        if let Some(state) = &state {
            state.start_reading_body();
        }
        let length = body_length(request.headers());
        let timeout = TransferTimeout::new(settings);
        Self { payload, length, total: 0, limit, timeout, state }
    }

    /// Returns the next chunk, or `None` at the end. Chunks beyond the limit are discarded, and the
    /// error comes once the client has sent everything.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        while self.length.is_none_or(|length| self.total < length) {
            if let (Some(state), Some(length)) = (&self.state, self.length) {
                state.set_body_left(length - self.total);
            }
            let next = timeout_at(self.timeout.wait_deadline(), self.payload.next()).await;
            let Some(chunk) = next.map_err(|_| BodyError::TooSlow)? else { break };
            let mut chunk = chunk.map_err(BodyError::Broken)?;
            self.timeout.progress(chunk.len());
            if let Some(length) = self.length {
                // Anything after the body is not part of it.
                chunk.truncate(usize::try_from(length - self.total).unwrap_or(usize::MAX));
            }
            self.total += chunk.len() as u64;
            if self.total > self.limit.accepted + self.limit.drained {
                return Err(BodyError::TooLarge);
            }
            if self.total <= self.limit.accepted {
                return Ok(Some(chunk));
            }
        }
        if let Some(state) = &self.state {
            state.finish_reading_body();
        }
        if self.total > self.limit.accepted { Err(BodyError::TooLarge) } else { Ok(None) }
    }
}

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read_body(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
    settings: &Connections,
) -> Result<Bytes, BodyError> {
    let mut reader = BodyReader::new(request, payload, BodyLimit::new(limit), settings);
    let mut body = BytesMut::new();
    while let Some(chunk) = reader.next().await? {
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
