//! Where the documentation is served, to everybody and without a limit.

use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::response::{method_not_allowed, respond};
use crate::http::headers::{self, Scripts};
use crate::http::origin;
use crate::http::routing::{Registered, resources};
use crate::service::Service;
use crate::service::access_log::UsedOperation;

/// The addresses; what is at each is in the table that the build script made.
const PATHS: [&str; 5] = ["/docs", "/docs.md", "/docs/{rest:.*}", "/llms.txt", "/llms-full.txt"];

/// Registers them.
pub fn configure(config: &mut ServiceConfig) {
    let refuse =
        |request: &HttpRequest, allowed| finish(request, method_not_allowed(request, allowed));
    let route = |address| -> Registered { (Method::GET, address, web::to(serve)) };
    for resource in resources(PATHS.map(route), refuse) {
        config.service(resource);
    }
}

/// Registers `/`, for a server that has nothing else there: whoever opens it in a browser is led to
/// the documentation.
pub fn configure_root(config: &mut ServiceConfig) {
    let refuse =
        |request: &HttpRequest, allowed| finish(request, method_not_allowed(request, allowed));
    for resource in resources([(Method::GET, "/", web::to(redirect_to_docs))], refuse) {
        config.service(resource);
    }
}

async fn redirect_to_docs(request: HttpRequest) -> HttpResponse {
    let response = HttpResponse::TemporaryRedirect().insert_header((LOCATION, "/docs")).finish();
    finish(&request, response)
}

/// Answers with what is at an address.
async fn serve(request: HttpRequest, service: Data<Service>) -> HttpResponse {
    let origin = origin::request_origin(&request, &service.settings.trusted_proxies);
    let response = respond(&request, &origin);
    finish(&request, response)
}

/// What every answer has.
fn finish(request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    request.extensions_mut().insert(UsedOperation("docs"));
    headers::add(&mut response, Scripts::AskThisServer);
    response
}
