//! Successful responses of the API.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use serde::Serialize;

use super::error::ApiError;
use crate::model::idempotency::SavedResponse;
use crate::model::parse::page::{Page, PageText};
use crate::model::parse::schema::object;
use crate::model::values::id::{DisplayId, Id, ResourceId};
use crate::store::{Document, StoreError};

/// The typical length of a serialized object in bytes, to size buffers.
const TYPICAL_OBJECT_LEN: usize = 768;

object! {
    /// Confirms that a resource was deleted.
    pub(super) struct Deleted = "deleted" {
        /// The ID of the deleted resource.
        id: ResourceId,
        /// The `display_id` of the deleted resource. It is never reused.
        display_id: DisplayId,
        /// Always true.
        deleted: bool,
    }
}

impl Deleted {
    pub fn new<R>(id: Id<R>, display_id: DisplayId) -> Self {
        Self { id: id.erase_type(), display_id, deleted: true }
    }
}

/// The return type of handlers.
pub(super) type ApiResult = Result<ApiResponse, ApiError>;

/// A response with a serialized body, so that it can be built on the thread that has the data.
#[derive(Debug)]
pub(super) struct ApiResponse {
    status: StatusCode,
    location: Option<String>,
    body: Vec<u8>,
    replayed: bool,
}

impl ApiResponse {
    /// A 200 with an object.
    pub fn ok(content: &impl Serialize) -> Result<Self, StoreError> {
        Ok(Self::new(StatusCode::OK, None, to_json(content, TYPICAL_OBJECT_LEN)?))
    }

    /// A 200 with a resource.
    pub fn document<R>(document: &Document<R>) -> Self {
        Self::new(StatusCode::OK, None, document.text().into())
    }

    /// A 200 with a list.
    pub fn list<T: Serialize>(page: &Page<T>) -> Result<Self, StoreError> {
        Ok(Self::new(
            StatusCode::OK,
            None,
            to_json(page, TYPICAL_OBJECT_LEN * (page.data.len() + 1))?,
        ))
    }

    /// A 200 with a list of resources.
    pub fn page_text(page: PageText) -> Self {
        Self::new(StatusCode::OK, None, page.into_bytes())
    }

    /// A 201 with the created resource and its `Location`.
    pub fn created<R>(document: &Document<R>, location: String) -> Self {
        Self::new(StatusCode::CREATED, Some(location), document.text().into())
    }

    /// A 200 that confirms a deletion.
    pub fn deleted<R>((id, display_id): (Id<R>, DisplayId)) -> Result<Self, StoreError> {
        Self::ok(&Deleted::new(id, display_id))
    }

    /// The replay of a saved response.
    pub fn replayed(saved: SavedResponse) -> ApiResult {
        let status = StatusCode::from_u16(saved.status).map_err(|error| {
            ApiError::Internal(format!("cannot replay a saved response: {error}"))
        })?;
        Ok(Self { replayed: true, ..Self::new(status, saved.location, saved.body) })
    }

    /// Returns what to save for replays under the same idempotency key.
    pub fn to_saved(&self) -> SavedResponse {
        SavedResponse {
            status: self.status.as_u16(),
            location: self.location.clone(),
            body: self.body.clone(),
        }
    }

    fn new(status: StatusCode, location: Option<String>, body: Vec<u8>) -> Self {
        Self { status, location, body, replayed: false }
    }

    pub fn into_http_response(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        if self.replayed {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        response.content_type(ContentType::json()).body(self.body)
    }
}

fn to_json(content: &impl Serialize, capacity: usize) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(capacity);
    serde_json::to_writer(&mut body, content)?;
    Ok(body)
}
