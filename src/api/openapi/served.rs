//! `/openapi.json`: the document with the address that the client used.

use std::sync::OnceLock;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use blake2::{Blake2s256, Digest};
use serde_json::{Map, json};
use utoipa::openapi::schema::{Object, Type};

use super::description::{Description, Group, Success};
use super::document;
use crate::api::endpoint::Endpoint;
use crate::api::error::ApiError;
use crate::api::request::call::refuse;
use crate::api::state::Api;
use crate::http::conditional::Cacheable;
use crate::http::origin::{PLACEHOLDER, request_origin};
use crate::model::hex::hex;
use crate::model::parse::schema::Shape;

/// The document of some endpoints, written once and only when a client asks for it.
pub(in crate::api) struct Document {
    endpoints: fn() -> Vec<Endpoint>,
    written: OnceLock<Written>,
}

/// The document with a placeholder for the address.
struct Written {
    text: String,
    /// Names the text.
    hash: String,
}

impl Document {
    /// The document of these endpoints.
    pub const fn new(endpoints: fn() -> Vec<Endpoint>) -> Self {
        Self { endpoints, written: OnceLock::new() }
    }

    fn written(&self) -> serde_json::Result<&Written> {
        if let Some(written) = self.written.get() {
            return Ok(written);
        }
        let text = serde_json::to_string(&document::build(&(self.endpoints)(), PLACEHOLDER))?;
        let digest = Blake2s256::digest(text.as_bytes());
        let hash = hex(&digest[..16]);
        Ok(self.written.get_or_init(|| Written { text, hash }))
    }
}

/// GET `/openapi.json`: no key, no database.
pub(in crate::api) async fn show(
    document: &'static Document,
    api: Data<Api>,
    request: HttpRequest,
) -> HttpResponse {
    match document.written() {
        Ok(written) => {
            let origin = request_origin(&request, &api.service.settings.trusted_proxies);
            let media_type = "application/json";
            Cacheable { media_type, hash: &written.hash, content: &written.text }
                .respond(&request, &origin)
        }
        Err(error) => refuse(&request, &ApiError::Internal(error.to_string())),
    }
}

pub(in crate::api) fn describe_show() -> Description {
    let part = || Object::with_type(Type::Object).into();
    let document = Shape::new(&["A document of OpenAPI 3.1."])
        .constant("openapi", "3.1.0", &["The version of OpenAPI."])
        .always("info", part(), &["What the document describes."])
        .always("paths", part(), &["The endpoints."]);
    let example = json!({
        "openapi": "3.1.0",
        "info": {"title": "Pivotal API", "version": env!("CARGO_PKG_VERSION")},
        "paths": Map::new(),
    });
    Description::new(
        Group::Server,
        "Get the OpenAPI document",
        &[
            "Gets this document, with the address by which the client reached the server. It needs no \
             key and counts towards no rate limit.",
            "A client that keeps it may send its `ETag` as `If-None-Match`: while the document is the \
             same, the answer is 304 without a body.",
        ],
        Success {
            status: StatusCode::OK,
            says: "The document.",
            schema: document.build().into(),
            example,
            links: Vec::new(),
        },
    )
    .kept()
}
