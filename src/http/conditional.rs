//! Texts that contain this server's address and that clients may keep: they are sent again only if
//! they have changed. For the API's description and the documentation.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};

use super::readdressed::Readdressed;

/// A text as it was made, before anybody knew the address.
#[derive(Clone, Copy)]
pub(crate) struct Cacheable {
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// Names the content.
    pub hash: &'static str,
    /// With [`PLACEHOLDER`](super::origin::PLACEHOLDER) where the address is to stand.
    pub content: &'static str,
}

impl Cacheable {
    /// The text for a client that calls this server `origin`.
    pub fn to(self, origin: &str) -> Readdressed {
        Readdressed::new(self.content, origin)
    }

    /// The response to a request of such a client.
    pub fn respond(self, request: &HttpRequest, origin: &str) -> HttpResponse {
        // The content and the origin decide together what is sent.
        let tag = EntityTag::new_strong(format!("{}-{origin}", self.hash));
        let is_known = is_known(request, &tag);
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        // A copy may be kept, and is used when this server says that it is still right.
        response.insert_header((CACHE_CONTROL, "no-cache")).insert_header((ETAG, tag.to_string()));
        if is_known {
            return response.finish();
        }
        response.insert_header((CONTENT_TYPE, self.media_type)).body(self.to(origin))
    }
}

/// Whether the client has what the tag names.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => request.headers().contains_key(IfNoneMatch::name()),
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}
