//! How much of a request is taken in, headers and body, and how long that may take, whoever answers
//! it.

use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use tokio::time::timeout_at;

use super::exchange::{Exchange, body_length};
use super::pace::Pace;
use crate::settings::Connections;

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
    /// The client sent it too slowly.
    #[error("the body arrived too slowly")]
    TooSlow,
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
///
/// The headers decide where it ends. With `Upgrade: websocket`, actix-http takes everything that
/// follows for the body, and waiting for its end would be waiting for the client to leave.
pub(crate) async fn body(
    request: &HttpRequest,
    mut payload: Payload,
    limit: usize,
    settings: &Connections,
) -> Result<Bytes, BodyError> {
    let length = body_length(request.headers());
    let exchange = request.conn_data::<Rc<Exchange>>();
    if let Some(exchange) = exchange {
        exchange.begin_body();
    }
    let mut pace = Pace::new(settings);
    let mut body = BytesMut::new();
    let mut total: u64 = 0;
    while length.is_none_or(|length| total < length) {
        if let (Some(exchange), Some(length)) = (exchange, length) {
            exchange.expect_body(length - total);
        }
        let next = timeout_at(pace.wait(), payload.next()).await;
        let Some(chunk) = next.map_err(|_| BodyError::TooSlow)? else { break };
        let mut chunk = chunk.map_err(BodyError::Broken)?;
        pace.progress(chunk.len());
        if let Some(length) = length {
            // What follows the body is not part of it.
            chunk.truncate(usize::try_from(length - total).unwrap_or(usize::MAX));
        }
        total += chunk.len() as u64;
        if total > (limit + DRAIN) as u64 {
            return Err(BodyError::TooLarge);
        }
        if total <= limit as u64 {
            body.extend_from_slice(&chunk);
        }
    }
    if let Some(exchange) = exchange {
        exchange.end_body();
    }
    if total > limit as u64 { Err(BodyError::TooLarge) } else { Ok(body.freeze()) }
}
