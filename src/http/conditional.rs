//! Conditional responses with texts that contain the server's URL: a client that has the current
//! version gets a 304. Used for the OpenAPI document and the docs.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};

use super::public::base_url::BaseUrl;
use super::templated_body::TemplatedBody;

/// A text in which the server's URL is still a placeholder.
#[derive(Clone, Copy)]
pub(crate) struct Cacheable {
    /// The `Content-Type`.
    pub media_type: &'static str,
    pub hash: &'static str,
    /// Contains [`ORIGIN_PLACEHOLDER`](super::origin::ORIGIN_PLACEHOLDER).
    pub content: &'static str,
}

impl Cacheable {
    /// Returns a body with the base URL in place of the placeholder, and with the base path in the
    /// links of a page.
    pub fn with_base_url(self, base: &BaseUrl) -> TemplatedBody {
        TemplatedBody::new(self.content, base, self.media_type.starts_with("text/html"))
    }

    /// Responds with the text, or with a 304 if the client has the current version.
    pub fn respond(self, request: &HttpRequest, base: &BaseUrl) -> HttpResponse {
        // The URL is part of what is sent, so it is part of the tag.
        let tag = EntityTag::new_strong(format!("{}-{base}", self.hash));
        let is_current = is_current(request, &tag);
        let mut response =
            if is_current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        // Caches may keep a copy but must revalidate it.
        response.insert_header((CACHE_CONTROL, "no-cache")).insert_header((ETAG, tag.to_string()));
        if is_current {
            return response.finish();
        }
        response.insert_header((CONTENT_TYPE, self.media_type)).body(self.with_base_url(base))
    }
}

/// Returns whether the client's copy has this tag.
fn is_current(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => request.headers().contains_key(IfNoneMatch::name()),
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}
