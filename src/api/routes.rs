//! The route table: every endpoint with its method, path, operation ID, required access, handler,
//! and description.
//!
//! This is the only place where access depends on the path.

use std::future::Future;
use std::sync::{Arc, LazyLock};

use actix_web::http::Method;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;

use super::endpoint::{BASE, Endpoint};
use super::error::ApiError;
use super::openapi::description::Description;
use super::openapi::document;
use super::openapi::serve::{self, ServedDocument};
use super::operation::{Access, Operation};
use super::request::call::Call;
use super::request::dispatch::{dispatch, error_response};
use super::request::ignored_parameters;
use super::response::ApiResult;
use super::state::Api;
use super::{activity, contacts, customers, events, health, me, onboardings};
use crate::http::routing::build_resources;
use crate::model::key;
use crate::service::access_log::{OperationKind, UsedOperation};

#[rustfmt::skip]
fn endpoints() -> Vec<Endpoint> {
    use Access::{AnyKey, AnyOf, Scope};
    use key::Scope::{
        ReadContacts, ReadCustomers, ReadOnboardings, WriteContacts, WriteCustomers, WriteOnboardings,
    };
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    vec![
        with_key(&get,    "/me",                                 "get-me",                    AnyKey,                  me::get,                        me::describe_get),
        probe   (&get,    "/health",                             "get-health",                                         health::get,                    health::describe_get),
        with_key(&get,    "/customers",                          "list-customers",            Scope(ReadCustomers),    customers::list,                customers::describe_list),
        with_key(&post,   "/customers",                          "create-customer",           Scope(WriteCustomers),   customers::create,              customers::describe_create),
        with_key(&get,    "/customers/{id}",                     "get-customer",              Scope(ReadCustomers),    customers::get,                 customers::describe_get),
        with_key(&patch,  "/customers/{id}",                     "update-customer",           Scope(WriteCustomers),   customers::update,              customers::describe_update),
        with_key(&delete, "/customers/{id}",                     "delete-customer",           Scope(WriteCustomers),   customers::delete,              customers::describe_delete),
        with_key(&get,    "/customers/{customerId}/contacts",    "list-customer-contacts",    Scope(ReadContacts),     contacts::list,                 contacts::describe_list),
        with_key(&post,   "/customers/{customerId}/contacts",    "create-customer-contact",   Scope(WriteContacts),    contacts::create,               contacts::describe_create),
        with_key(&get,    "/contacts/{id}",                      "get-contact",               Scope(ReadContacts),     contacts::get,                  contacts::describe_get),
        with_key(&patch,  "/contacts/{id}",                      "update-contact",            Scope(WriteContacts),    contacts::update,               contacts::describe_update),
        with_key(&delete, "/contacts/{id}",                      "delete-contact",            Scope(WriteContacts),    contacts::delete,               contacts::describe_delete),
        with_key(&get,    "/onboardings",                        "list-onboardings",          Scope(ReadOnboardings),  onboardings::list,              onboardings::describe_list),
        with_key(&post,   "/onboardings",                        "create-onboarding",         Scope(WriteOnboardings), onboardings::create,            onboardings::describe_create),
        with_key(&get,    "/customers/{customerId}/onboardings", "list-customer-onboardings", Scope(ReadOnboardings),  onboardings::list_for_customer, onboardings::describe_list_for_customer),
        with_key(&get,    "/onboardings/{id}",                   "get-onboarding",            Scope(ReadOnboardings),  onboardings::get,               onboardings::describe_get),
        with_key(&patch,  "/onboardings/{id}",                   "update-onboarding",         Scope(WriteOnboardings), onboardings::update,            onboardings::describe_update),
        with_key(&delete, "/onboardings/{id}",                   "delete-onboarding",         Scope(WriteOnboardings), onboardings::delete,            onboardings::describe_delete),
        with_key(&get,    "/customers/{id}/activity",            "list-customer-activity",    Scope(ReadCustomers),    activity::list_for_customer,    activity::describe_list_for_customer),
        with_key(&get,    "/onboardings/{id}/activity",          "list-onboarding-activity",  Scope(ReadOnboardings),  activity::list_for_onboarding,  activity::describe_list_for_onboarding),
        with_key(&get,    "/events",                             "list-events",               AnyOf(&events::SCOPES),  events::list,                   events::describe_list),
        public  (&get,    "/openapi.json",                       "openapi",                                            get_document,                   serve::describe_get),
    ]
}

/// Defines an endpoint that requires an API key.
fn with_key<F: Future<Output = ApiResult> + 'static>(
    method: &Method,
    path: &'static str,
    id: &'static str,
    access: Access,
    handler: fn(Call) -> F,
    describe: fn() -> Description,
) -> Endpoint {
    let operation = Operation { id, access };
    let known = known_parameters(describe);
    let handle = move |request: HttpRequest, payload: Payload| {
        let known = Arc::clone(&known);
        async move {
            let mut response = dispatch(request.clone(), payload, operation, handler).await;
            ignored_parameters::add_header(&mut response, request.query_string(), &known);
            response
        }
    };
    Endpoint { method: method.clone(), path, operation, route: web::to(handle), describe }
}

/// Defines an endpoint that doesn't require an API key and ignores one that is sent.
fn public<F: Future<Output = HttpResponse> + 'static>(
    method: &Method,
    path: &'static str,
    id: &'static str,
    handler: fn(Data<Api>, HttpRequest) -> F,
    describe: fn() -> Description,
) -> Endpoint {
    without_key(method, path, UsedOperation::new(id, OperationKind::Api), handler, describe)
}

/// Like [`public`], for a health check.
fn probe<F: Future<Output = HttpResponse> + 'static>(
    method: &Method,
    path: &'static str,
    id: &'static str,
    handler: fn(Data<Api>, HttpRequest) -> F,
    describe: fn() -> Description,
) -> Endpoint {
    without_key(method, path, UsedOperation::new(id, OperationKind::Probe), handler, describe)
}

fn without_key<F: Future<Output = HttpResponse> + 'static>(
    method: &Method,
    path: &'static str,
    used: UsedOperation,
    handler: fn(Data<Api>, HttpRequest) -> F,
    describe: fn() -> Description,
) -> Endpoint {
    let operation = Operation { id: used.id, access: Access::Public };
    let known = known_parameters(describe);
    let handle = move |api: Data<Api>, request: HttpRequest| {
        request.extensions_mut().insert(used);
        let known = Arc::clone(&known);
        async move {
            let mut response = handler(api, request.clone()).await;
            ignored_parameters::add_header(&mut response, request.query_string(), &known);
            response
        }
    };
    Endpoint { method: method.clone(), path, operation, route: web::to(handle), describe }
}

/// GET `/openapi.json`
fn get_document(_: Data<Api>, request: HttpRequest) -> impl Future<Output = HttpResponse> {
    static DOCUMENT: ServedDocument = ServedDocument::new(endpoints);
    serve::get(&DOCUMENT, request)
}

/// Returns the IDs of the operations that require an API key.
pub fn operations() -> Vec<&'static str> {
    let with_key = |endpoint: &Endpoint| endpoint.operation.access != Access::Public;
    endpoints().into_iter().filter(with_key).map(|endpoint| endpoint.operation.id).collect()
}

/// The deep health check, which isn't in the OpenAPI document.
const DEEP_HEALTH: &str = "get-deep-health";

/// Returns the IDs of all operations, also of those that are not in the OpenAPI document.
pub fn operation_ids() -> Vec<&'static str> {
    let ids = endpoints().into_iter().map(|endpoint| endpoint.operation.id);
    ids.chain([DEEP_HEALTH]).collect()
}

/// Builds the OpenAPI document with this origin as the server URL.
pub fn document(origin: &str) -> OpenApi {
    document::build(&endpoints(), origin)
}

/// Returns the names of an endpoint's query parameters. They are collected once, on the first
/// request that has a query.
fn known_parameters(
    describe: fn() -> Description,
) -> Arc<LazyLock<Vec<String>, impl FnOnce() -> Vec<String>>> {
    Arc::new(LazyLock::new(move || describe().parameters()))
}

/// Registers the endpoints under the base path, and the deep health check outside of it.
pub fn configure(config: &mut ServiceConfig) {
    let refuse_method = |request: &HttpRequest, allowed| {
        error_response(request, &ApiError::MethodNotAllowed(allowed))
    };
    let routes = endpoints().into_iter().map(|row| (row.method, row.path, row.route));
    let mut api = web::scope(BASE);
    for resource in build_resources(routes, refuse_method) {
        api = api.service(resource);
    }
    config.service(api);
    let deep_health = |api: Data<Api>, request: HttpRequest| {
        let used = UsedOperation::new(DEEP_HEALTH, OperationKind::Probe);
        request.extensions_mut().insert(used);
        health::deep(api)
    };
    let outside = [(Method::GET, "/api/health/deep", web::to(deep_health))];
    for resource in build_resources(outside, refuse_method) {
        config.service(resource);
    }
}

/// Responds with a 404 to paths that no endpoint has.
pub async fn no_route(request: HttpRequest) -> HttpResponse {
    let error = match request.path().strip_prefix(BASE) {
        Some(rest) if has_base(rest) => ApiError::RepeatedBasePath,
        _ => ApiError::RouteNotFound,
    };
    error_response(&request, &error)
}

/// Returns whether the rest of a path starts with the base path again. There may be two slashes in
/// between, if a client's base URL ends with one.
fn has_base(rest: &str) -> bool {
    let rest = rest.trim_start_matches('/');
    let after = rest.strip_prefix(BASE.trim_start_matches('/'));
    after.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
