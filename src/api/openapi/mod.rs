//! The description of the API, in OpenAPI 3.1: what the route table, the parsers of the model and
//! the table of errors know, put together with what is said of each operation in `operations`. For
//! `routes`, which serves it, and for the command line, which prints it.

mod bodies;
mod description;
mod document;
mod errors;
mod examples;
mod links;
pub(super) mod operations;
mod parameters;
mod responses;

use std::sync::OnceLock;

use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;

pub(super) use self::description::Description;
use super::call::refuse;
use super::error::ApiError;
use super::routes;
use super::state::Api;
use crate::service::client::{self, PLACEHOLDER};

/// The description of an API that clients reach at this origin.
pub fn document(origin: &str) -> OpenApi {
    document::build(&routes::endpoints(), origin)
}

/// GET `/openapi.json`: no key, no database.
pub(super) async fn show(api: Data<Api>, request: HttpRequest) -> HttpResponse {
    match text() {
        Ok(text) => {
            let origin = client::origin(&request, &api.service.settings.trusted_proxies);
            let text = text.replace(PLACEHOLDER, &origin);
            HttpResponse::Ok().content_type(ContentType::json()).body(text)
        }
        Err(error) => refuse(&request, &ApiError::Internal(error.to_string())),
    }
}

/// The description as it is served, made once; but for the address, which every client has its own
/// of.
fn text() -> serde_json::Result<&'static str> {
    static TEXT: OnceLock<String> = OnceLock::new();
    if let Some(text) = TEXT.get() {
        return Ok(text);
    }
    let text = serde_json::to_string(&document(PLACEHOLDER))?;
    Ok(TEXT.get_or_init(|| text))
}
