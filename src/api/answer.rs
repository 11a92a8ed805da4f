//! The answers of the API: a status, perhaps a location, and a JSON body.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use serde::Serialize;

use super::error::ApiError;
use crate::model::idempotency::KeptAnswer;
use crate::model::parse::page::Page;
use crate::model::parse::schema::object;
use crate::model::values::id::{DisplayId, Id, ResourceId};
use crate::store::{Document, StoreError};

/// The usual length of an object, in bytes, for which room is made before it is written.
const OBJECT: usize = 768;

object! {
    /// What is left of something that was deleted.
    pub(super) struct Deleted = "deleted" {
        /// Its id.
        id: ResourceId,
        /// Its number, which is never given again.
        display_id: DisplayId,
        /// Always true.
        deleted: bool,
    }
}

impl Deleted {
    /// The envelope of something deleted.
    pub fn new<R>(id: Id<R>, display_id: DisplayId) -> Self {
        Self { id: id.of_any_type(), display_id, deleted: true }
    }
}

/// What every handler returns.
pub(super) type Reply = Result<Answer, ApiError>;

/// An answer whose body is already written, so that it can be made where the data is.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: Vec<u8>,
    replayed: bool,
}

impl Answer {
    /// 200 with an object.
    pub fn ok(content: &impl Serialize) -> Result<Self, StoreError> {
        Ok(Self::new(StatusCode::OK, None, to_json(content, OBJECT)?))
    }

    /// 200 with a resource.
    pub fn document<R>(document: &Document<R>) -> Self {
        Self::new(StatusCode::OK, None, document.text().into())
    }

    /// 200 with a list.
    pub fn list<T: Serialize>(page: &Page<T>) -> Result<Self, StoreError> {
        Ok(Self::new(StatusCode::OK, None, to_json(page, OBJECT * (page.data.len() + 1))?))
    }

    /// 200 with a list of resources.
    pub fn documents<R>(page: &Page<Document<R>>) -> Result<Self, StoreError> {
        Ok(Self::new(StatusCode::OK, None, list_of_documents(page)?))
    }

    /// 201 with the resource that was created, and where it is found.
    pub fn created<R>(document: &Document<R>, location: String) -> Self {
        Self::new(StatusCode::CREATED, Some(location), document.text().into())
    }

    /// 200 with the envelope of something deleted.
    pub fn deleted<R>((id, display_id): (Id<R>, DisplayId)) -> Result<Self, StoreError> {
        Self::ok(&Deleted::new(id, display_id))
    }

    /// An answer that was given before.
    pub fn replayed(kept: KeptAnswer) -> Reply {
        let status = StatusCode::from_u16(kept.status)
            .map_err(|error| ApiError::Internal(format!("a kept answer: {error}")))?;
        Ok(Self { replayed: true, ..Self::new(status, kept.location, kept.body) })
    }

    /// The answer in the form in which it is kept for retries.
    pub fn to_kept(&self) -> KeptAnswer {
        KeptAnswer {
            status: self.status.as_u16(),
            location: self.location.clone(),
            body: self.body.clone(),
        }
    }

    fn new(status: StatusCode, location: Option<String>, body: Vec<u8>) -> Self {
        Self { status, location, body, replayed: false }
    }

    /// The answer as actix-web sends it.
    pub fn respond(self) -> HttpResponse {
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

/// The list as it would be if it were empty, with the documents, which are JSON already, between
/// its brackets.
fn list_of_documents<R>(page: &Page<Document<R>>) -> serde_json::Result<Vec<u8>> {
    let empty = serde_json::to_string(&Page::<()> { data: Vec::new(), next: page.next })?;
    let (head, tail) = empty.split_once("[]").unwrap_or((&empty, ""));
    let texts: usize = page.data.iter().map(|document| document.text().len() + 1).sum();
    let mut body = Vec::with_capacity(empty.len() + texts);
    body.extend_from_slice(head.as_bytes());
    body.push(b'[');
    for (at, document) in page.data.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(document.text().as_bytes());
    }
    body.push(b']');
    body.extend_from_slice(tail.as_bytes());
    Ok(body)
}

/// JSON of about this length.
fn to_json(content: &impl Serialize, length: usize) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(length);
    serde_json::to_writer(&mut body, content)?;
    Ok(body)
}
