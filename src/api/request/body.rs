//! Reads a request's body, at most as much of it as is allowed, and parses it.

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, HeaderMap};
use actix_web::web::{Bytes, Payload};
use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::http::incoming::{self, BodyError};
use crate::model::parse::fields::{Body, Fields};
use crate::settings::Connections;

/// The largest body that is taken, on every verb.
const LIMIT: usize = 1 << 20;

/// What some editors begin a UTF-8 file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether the body has no content coding: the server decompresses nothing.
pub(in crate::api) fn is_plain(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).all(|header| {
        let mut codings = header.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        codings.all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity"))
    })
}

/// The whole body.
pub(in crate::api) async fn read(
    request: &HttpRequest,
    payload: Payload,
    settings: &Connections,
) -> Result<Bytes, ApiError> {
    incoming::body(request, payload, LIMIT, settings).await.map_err(|error| match error {
        BodyError::TooLarge => ApiError::BodyTooLarge,
        BodyError::TooSlow => ApiError::BodyTooSlow,
        BodyError::Broken(_) => ApiError::InvalidJson(error.to_string()),
    })
}

/// Parses the body of a POST.
pub(in crate::api) fn parse<B: Body>(bytes: &[u8]) -> Result<B, ApiError> {
    Fields::parse(&object(bytes)?).map_err(ApiError::Invalid)
}

/// Parses the body of a PATCH.
pub(in crate::api) fn parse_patch<B: Body>(bytes: &[u8]) -> Result<B, ApiError> {
    let patch = Fields::parse_patch(&object(bytes)?).map_err(ApiError::Invalid)?;
    patch.ok_or(ApiError::EmptyPatch)
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    // A parser may ignore the mark (RFC 8259, 8.1).
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::InvalidJson("the body is empty; send a JSON object".to_owned()));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ApiError::InvalidBody),
        Err(error) => Err(ApiError::InvalidJson(format!("the body is not valid JSON: {error}"))),
    }
}
