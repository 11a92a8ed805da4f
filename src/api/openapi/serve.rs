//! `/openapi.json`: the OpenAPI document, with the URL that the client used as the server URL.

use std::sync::OnceLock;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use blake2::{Blake2s256, Digest};
use serde_json::{Map, json};
use utoipa::openapi::schema::{Object, Type};

use super::description::{Description, Group, Success};
use super::document;
use crate::api::endpoint::Endpoint;
use crate::api::error::ApiError;
use crate::api::request::dispatch::error_response;
use crate::http::conditional::Cacheable;
use crate::http::origin::ORIGIN_PLACEHOLDER;
use crate::http::public::base_url::BaseUrl;
use crate::model::hex::hex;
use crate::model::parse::schema::ObjectSchema;

/// The document of a set of endpoints, rendered once, on the first request for it.
pub(in crate::api) struct ServedDocument {
    endpoints: fn() -> Vec<Endpoint>,
    rendered: OnceLock<Rendered>,
}

struct Rendered {
    /// Contains [`ORIGIN_PLACEHOLDER`].
    text: String,
    hash: String,
}

impl ServedDocument {
    pub const fn new(endpoints: fn() -> Vec<Endpoint>) -> Self {
        Self { endpoints, rendered: OnceLock::new() }
    }

    fn rendered(&self) -> serde_json::Result<&Rendered> {
        if let Some(rendered) = self.rendered.get() {
            return Ok(rendered);
        }
        let text =
            serde_json::to_string(&document::build(&(self.endpoints)(), ORIGIN_PLACEHOLDER))?;
        let digest = Blake2s256::digest(text.as_bytes());
        let hash = hex(&digest[..16]);
        Ok(self.rendered.get_or_init(|| Rendered { text, hash }))
    }
}

/// GET `/openapi.json`, without a key or database access
pub(in crate::api) async fn get(
    document: &'static ServedDocument,
    request: HttpRequest,
) -> HttpResponse {
    match document.rendered() {
        Ok(rendered) => {
            let base = BaseUrl::of_request(&request);
            let media_type = "application/json";
            Cacheable { media_type, hash: &rendered.hash, content: &rendered.text }
                .respond(&request, &base)
        }
        Err(error) => error_response(&request, &ApiError::Internal(error.to_string())),
    }
}

pub(in crate::api) fn describe_get() -> Description {
    let part = || Object::with_type(Type::Object).into();
    let document = ObjectSchema::new(&["An OpenAPI 3.1 document."])
        .constant("openapi", "3.1.0", &["The OpenAPI version."])
        .property_with_schema("info", part(), &["The title, version, and description of the API."])
        .property_with_schema("paths", part(), &["The endpoints."]);
    let example = json!({
        "openapi": "3.1.0",
        "info": {"title": "Pivotal API", "version": env!("CARGO_PKG_VERSION")},
        "paths": Map::new(),
    });
    Description::new(
        Group::Server,
        "Retrieve the OpenAPI document",
        &[
            "Returns this document, with the URL that the client used as the server URL. It \
             requires no API key and doesn't count toward any rate limit.",
            "If you keep a copy, send its `ETag` in `If-None-Match`: as long as the document hasn't \
             changed, the response is a 304 without a body.",
        ],
        Success {
            status: StatusCode::OK,
            description: "The OpenAPI document.",
            schema: document.build().into(),
            example,
            links: Vec::new(),
        },
    )
    .cacheable()
}
