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

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use blake2::{Blake2s256, Digest};
use utoipa::openapi::OpenApi;

pub(super) use self::description::Description;
use super::error::ApiError;
use super::request::call::refuse;
use super::routes;
use super::state::Api;
use crate::http::client::{self, PLACEHOLDER};
use crate::http::conditional::Told;

/// The description of an API that clients reach at this origin.
pub fn document(origin: &str) -> OpenApi {
    document::build(&routes::endpoints(), origin)
}

/// GET `/openapi.json`: no key, no database.
pub(super) async fn show(api: Data<Api>, request: HttpRequest) -> HttpResponse {
    match made() {
        Ok(made) => {
            let origin = client::origin(&request, &api.service.settings.trusted_proxies);
            let media_type = "application/json";
            Told { media_type, hash: &made.hash, content: &made.text }.answer(&request, &origin)
        }
        Err(error) => refuse(&request, &ApiError::Internal(error.to_string())),
    }
}

/// The description as it is served, but for the address, which every client has its own of.
struct Made {
    text: String,
    /// Names the text.
    hash: String,
}

/// The description, made once.
fn made() -> serde_json::Result<&'static Made> {
    static MADE: OnceLock<Made> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made);
    }
    let text = serde_json::to_string(&document(PLACEHOLDER))?;
    let digest = Blake2s256::digest(text.as_bytes());
    let hash = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(MADE.get_or_init(|| Made { text, hash }))
}
