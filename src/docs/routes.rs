//! The routes of the docs site. They need no API key and have no rate limit.

use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::response::{method_not_allowed, respond};
use crate::http::public::base_url::BaseUrl;
use crate::http::routing::{RouteEntry, build_resources};
use crate::http::security_headers::{self, FetchPolicy};
use crate::service::access_log::{OperationKind, UsedOperation};

const PATHS: [&str; 5] = ["/docs", "/docs.md", "/docs/{rest:.*}", "/llms.txt", "/llms-full.txt"];

pub fn configure(config: &mut ServiceConfig) {
    let refuse =
        |request: &HttpRequest, allowed| finish(request, method_not_allowed(request, allowed));
    let route = |path| -> RouteEntry { (Method::GET, path, web::to(serve)) };
    for resource in build_resources(PATHS.map(route), refuse) {
        config.service(resource);
    }
}

/// Registers a redirect from `/` to the docs, for a server that has nothing else there.
pub fn configure_root(config: &mut ServiceConfig) {
    let refuse =
        |request: &HttpRequest, allowed| finish(request, method_not_allowed(request, allowed));
    for resource in build_resources([(Method::GET, "/", web::to(redirect_to_docs))], refuse) {
        config.service(resource);
    }
}

async fn redirect_to_docs(request: HttpRequest) -> HttpResponse {
    let response = HttpResponse::TemporaryRedirect().insert_header((LOCATION, "/docs")).finish();
    finish(&request, response)
}

async fn serve(request: HttpRequest) -> HttpResponse {
    let response = respond(&request, &BaseUrl::of_request(&request));
    finish(&request, response)
}

/// Adds the headers of every response and the operation for the access log.
fn finish(request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    request.extensions_mut().insert(UsedOperation::new("docs", OperationKind::Docs));
    security_headers::add(&mut response, FetchPolicy::SameOrigin);
    response
}
