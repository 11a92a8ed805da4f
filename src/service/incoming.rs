//! How much of a request is taken in, headers and body, whoever answers it.

use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;

/// Headers may be this long together, names and values.
const MAX_HEADERS: usize = 32 << 10;
/// How much more of a body is read and thrown away before the client is told, so that it can
/// finish sending and read the answer; a client that sends still more finds the connection closed.
const DRAIN: usize = 8 << 20;

/// Why a body was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// It is longer than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// The client stopped sending it, or sent it in a broken form.
    #[error("the body did not arrive: {0}")]
    Broken(PayloadError),
}

/// Whether the headers are short enough.
pub(crate) fn headers_fit(headers: &HeaderMap) -> bool {
    let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    length <= MAX_HEADERS
}

/// The whole body, of at most `limit` bytes.
pub(crate) async fn body(mut payload: Payload, limit: usize) -> Result<Bytes, BodyError> {
    let mut body = BytesMut::new();
    let mut total = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(BodyError::Broken)?;
        total += chunk.len();
        if total > limit + DRAIN {
            break;
        }
        if total <= limit {
            body.extend_from_slice(&chunk);
        }
    }
    if total > limit { Err(BodyError::TooLarge) } else { Ok(body.freeze()) }
}
