//! Chooses the file to respond with and its headers.

use actix_web::http::header::{
    ACCEPT, ALLOW, Accept, CACHE_CONTROL, CONTENT_TYPE, Header, HeaderValue, LOCATION, Quality,
    VARY,
};
use actix_web::{HttpRequest, HttpResponse};

use super::file::{File, Kind};
use crate::http::public::base_url::BaseUrl;
use crate::http::security_headers::IMMUTABLE;

/// Responds with the file at the request's path. Its links use the base URL, as the client does.
pub(super) fn respond(request: &HttpRequest, base: &BaseUrl) -> HttpResponse {
    let path = request.path();
    let Some(file) = File::find(path) else {
        return match File::find(path.trim_end_matches('/')) {
            Some(file) => redirect(file.canonical_path(), request.query_string()),
            None => not_found(request, base),
        };
    };
    if file.kind == Kind::Redirect {
        return redirect(file.canonical_path(), request.query_string());
    }
    if file.is_immutable() {
        return HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, file.kind.media_type()))
            .insert_header((CACHE_CONTROL, IMMUTABLE))
            .body(file.content);
    }
    let is_page = file.kind == Kind::Page;
    let markdown = if is_page && prefers_markdown(request) { file.markdown() } else { None };
    let mut response = markdown.unwrap_or(file).cacheable().respond(request, base);
    if is_page {
        response.headers_mut().insert(VARY, HeaderValue::from_static(ACCEPT.as_str()));
    }
    response
}

/// Responds with 404, as a page or in Markdown.
fn not_found(request: &HttpRequest, base: &BaseUrl) -> HttpResponse {
    if request.path().ends_with(".md") || prefers_markdown(request) {
        return HttpResponse::NotFound().content_type(Kind::Markdown.media_type()).body(format!(
            "# Not found\n\nThere is no page at this address. All pages: {base}/llms.txt.\n"
        ));
    }
    match File::not_found() {
        Some(file) => HttpResponse::NotFound()
            .insert_header((CONTENT_TYPE, file.kind.media_type()))
            .body(file.cacheable().with_base_url(base)),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Redirects to a page, and keeps the query.
fn redirect(path: &str, query: &str) -> HttpResponse {
    let separator = if query.is_empty() { "" } else { "?" };
    let location = format!("{path}{separator}{query}");
    HttpResponse::PermanentRedirect().insert_header((LOCATION, location)).finish()
}

pub(super) fn method_not_allowed(_: &HttpRequest, allowed: String) -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((ALLOW, allowed.clone()))
        .content_type("text/plain; charset=utf-8")
        .body(format!("Method not allowed. This URL supports {allowed}.\n"))
}

/// Whether the client accepts Markdown explicitly and doesn't prefer HTML.
fn prefers_markdown(request: &HttpRequest) -> bool {
    let Ok(accept) = Accept::parse(request) else { return false };
    // A quality of 0 means that the type is not acceptable.
    let Accept(mut types) = accept;
    types.retain(|media_type| media_type.quality > Quality::ZERO);
    let first = Accept(types).ranked().into_iter().find(|media_type| {
        matches!(
            (media_type.type_().as_str(), media_type.subtype().as_str()),
            ("text", "markdown" | "html")
        )
    });
    first.is_some_and(|media_type| media_type.subtype() == "markdown")
}
