//! Reads and parses request bodies.

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, HeaderMap};
use actix_web::web::{Bytes, Payload};
use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::http::request_limits::{self, BodyError};
use crate::model::parse::fields::{Body, Fields};
use crate::settings::Connections;

/// The maximum length of a body, for every method.
const MAX_LENGTH: usize = 1 << 20;

/// The byte order mark that some editors put at the start of UTF-8 files.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns whether the body has no content coding. The server doesn't decompress bodies.
pub(in crate::api) fn is_plain(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).all(|header| {
        let mut codings = header.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        codings.all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity"))
    })
}

pub(in crate::api) async fn read(
    request: &HttpRequest,
    payload: Payload,
    settings: &Connections,
) -> Result<Bytes, ApiError> {
    request_limits::read_body(request, payload, MAX_LENGTH, settings).await.map_err(|error| {
        match error {
            BodyError::TooLarge => ApiError::BodyTooLarge,
            BodyError::TooSlow => ApiError::BodyTooSlow,
            BodyError::Broken(error) => {
                ApiError::InvalidJson(format!("The request body could not be read: {error}."))
            }
        }
    })
}

pub(in crate::api) fn parse<B: Body>(bytes: &[u8]) -> Result<B, ApiError> {
    Fields::parse(&parse_object(bytes)?).map_err(ApiError::Invalid)
}

pub(in crate::api) fn parse_patch<B: Body>(bytes: &[u8]) -> Result<B, ApiError> {
    let patch = Fields::parse_patch(&parse_object(bytes)?).map_err(ApiError::Invalid)?;
    patch.ok_or(ApiError::EmptyPatch)
}

fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    // JSON parsers may ignore a byte order mark (RFC 8259, 8.1).
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::InvalidJson(
            "The request body is empty. Send a JSON object.".to_owned(),
        ));
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ApiError::InvalidBody),
        Err(error) => {
            Err(ApiError::InvalidJson(format!("The request body is not valid JSON: {error}.")))
        }
    }
}
