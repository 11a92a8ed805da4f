//! Reads a request's body, at most as much of it as is allowed, and parses it.

use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::model::fields::{Body, Fields};

/// The largest body that is taken, on every verb.
const LIMIT: usize = 1 << 20;
/// How much more is read and thrown away before the client is told, so that it can finish sending
/// and read the answer; a client that sends still more finds the connection closed.
const DRAIN: usize = 8 << 20;

/// Whether a body follows the headers (RFC 9112, 6.3).
pub(super) fn is_sent(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
        || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// The whole body.
pub(super) async fn read(mut payload: Payload) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::new();
    let mut total = 0;
    while let Some(chunk) = payload.next().await {
        let broken = |error| ApiError::InvalidJson(format!("the body did not arrive: {error}"));
        let chunk = chunk.map_err(broken)?;
        total += chunk.len();
        if total > LIMIT + DRAIN {
            break;
        }
        if total <= LIMIT {
            body.extend_from_slice(&chunk);
        }
    }
    if total > LIMIT { Err(ApiError::BodyTooLarge) } else { Ok(body.freeze()) }
}

/// Parses the body of a POST.
pub(super) fn parse<B: Body>(bytes: &[u8]) -> Result<B, ApiError> {
    Fields::parse(&object(bytes)?).map_err(ApiError::Invalid)
}

/// Parses the body of a PATCH.
pub(super) fn parse_patch<B: Body>(bytes: &[u8]) -> Result<B, ApiError> {
    let patch = Fields::parse_patch(&object(bytes)?).map_err(ApiError::Invalid)?;
    patch.ok_or(ApiError::EmptyPatch)
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::InvalidJson("the body is empty; send a JSON object".to_owned()));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ApiError::InvalidBody),
        Err(error) => Err(ApiError::InvalidJson(format!("the body is not valid JSON: {error}"))),
    }
}
