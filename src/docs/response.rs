//! Which file is the answer, and what is said of it.

use actix_web::http::header::{
    ACCEPT, ALLOW, Accept, CACHE_CONTROL, CONTENT_TYPE, Header, HeaderValue, LOCATION, Quality,
    VARY,
};
use actix_web::{HttpRequest, HttpResponse};

use super::file::{File, Kind};
use crate::http::headers::LASTING;

/// What is at the address of a request, for a client that calls this server `origin`.
pub(super) fn respond(request: &HttpRequest, origin: &str) -> HttpResponse {
    let path = request.path();
    let Some(file) = File::find(path) else {
        return match File::find(path.trim_end_matches('/')) {
            Some(file) => redirect(file.canonical_path(), request.query_string()),
            None => not_found(request, origin),
        };
    };
    if file.kind == Kind::Redirect {
        return redirect(file.canonical_path(), request.query_string());
    }
    if file.is_immutable() {
        return HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, file.kind.media_type()))
            .insert_header((CACHE_CONTROL, LASTING))
            .body(file.content);
    }
    let has_twin = file.kind == Kind::Page;
    let wanted = if has_twin && prefers_markdown(request) { file.markdown() } else { None };
    let mut response = wanted.unwrap_or(file).cacheable().respond(request, origin);
    if has_twin {
        response.headers_mut().insert(VARY, HeaderValue::from_static(ACCEPT.as_str()));
    }
    response
}

/// Says that there is no page, with a page of its own or in Markdown.
fn not_found(request: &HttpRequest, origin: &str) -> HttpResponse {
    if request.path().ends_with(".md") || prefers_markdown(request) {
        return HttpResponse::NotFound().content_type(Kind::Markdown.media_type()).body(format!(
            "# Not found\n\nThere is no page at this address. Every page: {origin}/llms.txt.\n"
        ));
    }
    match File::not_found() {
        Some(file) => HttpResponse::NotFound()
            .insert_header((CONTENT_TYPE, file.kind.media_type()))
            .body(file.cacheable().to(origin)),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Leads to a page: its address has no slash at its end, and it may be guessed under another.
fn redirect(page: &str, query: &str) -> HttpResponse {
    let mark = if query.is_empty() { "" } else { "?" };
    let place = format!("{page}{mark}{query}");
    HttpResponse::PermanentRedirect().insert_header((LOCATION, place)).finish()
}

/// What an address answers to a method that it does not know.
pub(super) fn method_not_allowed(_: &HttpRequest, allowed: String) -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((ALLOW, allowed.clone()))
        .content_type("text/plain; charset=utf-8")
        .body(format!("This address does not know the method; it knows {allowed}.\n"))
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
