//! How a file becomes an answer: with the address that the client used, and only to who has not got
//! it yet. For the documentation's own use.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, ALLOW, Accept, CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, Header, IfNoneMatch,
    LOCATION, Quality, VARY,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use super::file::{File, Kind};
use crate::service::client::PLACEHOLDER;
use crate::service::headers::LASTING;

/// What is at the address of a request, for a client that calls this server `origin`.
pub(super) fn answer(request: &HttpRequest, origin: &str) -> HttpResponse {
    let path = request.path();
    let Some(file) = File::at(path) else {
        return match File::at(path.trim_end_matches('/')) {
            Some(file) => moved(file.place(), request.query_string()),
            None => no_page(request, origin),
        };
    };
    if file.kind == Kind::Moved {
        return moved(file.place(), request.query_string());
    }
    if file.is_lasting() {
        return headed(StatusCode::OK, file)
            .insert_header((CACHE_CONTROL, LASTING))
            .body(file.content);
    }
    let has_twin = file.kind == Kind::Page;
    let wanted = if has_twin && prefers_markdown(request) { file.twin() } else { None };
    let file = wanted.unwrap_or(file);
    // The content and the origin decide together what is sent.
    let tag = EntityTag::new_strong(format!("{}-{origin}", file.hash));
    let mut response = if is_known(request, &tag) {
        HttpResponse::NotModified()
    } else {
        headed(StatusCode::OK, file)
    };
    // A copy may be kept, and is used when this server says that it is still right.
    response.insert_header((CACHE_CONTROL, "no-cache")).insert_header((ETAG, tag.to_string()));
    if has_twin {
        response.insert_header((VARY, ACCEPT.as_str()));
    }
    response.body(if is_known(request, &tag) { String::new() } else { told(file, origin) })
}

/// Says that there is no page, with a page of its own or in Markdown.
fn no_page(request: &HttpRequest, origin: &str) -> HttpResponse {
    if request.path().ends_with(".md") || prefers_markdown(request) {
        return HttpResponse::NotFound().content_type(Kind::Markdown.media_type()).body(format!(
            "# Not found\n\nThere is no page at this address. Every page: {origin}/llms.txt.\n"
        ));
    }
    match File::no_page() {
        Some(file) => headed(StatusCode::NOT_FOUND, file).body(told(file, origin)),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Leads to a page: its address has no slash at its end, and it may be guessed under another.
fn moved(page: &str, query: &str) -> HttpResponse {
    let mark = if query.is_empty() { "" } else { "?" };
    let place = format!("{page}{mark}{query}");
    HttpResponse::PermanentRedirect().insert_header((LOCATION, place)).finish()
}

/// What an address answers to a method that it does not know.
pub(super) fn refuse_method(_: &HttpRequest, allowed: String) -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((ALLOW, allowed.clone()))
        .content_type("text/plain; charset=utf-8")
        .body(format!("This address does not know the method; it knows {allowed}.\n"))
}

fn headed(status: StatusCode, file: &File) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, file.kind.media_type()));
    response
}

/// The content, in which the server has the client's name for it.
fn told(file: &File, origin: &str) -> String {
    file.content.replace(PLACEHOLDER, origin)
}

/// Whether the client has what the tag names.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => request.headers().contains_key(IfNoneMatch::name()),
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// Whether the client names Markdown, and would not rather have HTML.
fn prefers_markdown(request: &HttpRequest) -> bool {
    let Ok(accept) = Accept::parse(request) else { return false };
    // What has the quality 0 is what the client does not take.
    let Accept(mut kinds) = accept;
    kinds.retain(|kind| kind.quality > Quality::ZERO);
    let first = Accept(kinds).ranked().into_iter().find(|kind| {
        matches!((kind.type_().as_str(), kind.subtype().as_str()), ("text", "markdown" | "html"))
    });
    first.is_some_and(|kind| kind.subtype() == "markdown")
}
