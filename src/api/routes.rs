//! Every endpoint, in the order of the contract: its method, path, operation id, what a key needs
//! for it, the function that answers it, and the one that describes it. Nothing is checked, limited
//! or refused by path anywhere else.

use std::future::Future;
use std::sync::{Arc, LazyLock};

use actix_web::http::Method;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;

use super::answer::Reply;
use super::endpoint::{BASE, Endpoint};
use super::error::ApiError;
use super::openapi::description::Description;
use super::openapi::document;
use super::openapi::served::{self, Document};
use super::operation::{Access, Operation};
use super::request::call::{Call, dispatch, refuse};
use super::request::ignored;
use super::state::Api;
use super::{activity, contacts, customers, events, health, me, onboardings};
use crate::http::routing::resources;
use crate::model::key;
use crate::service::access_log::UsedOperation;

/// The table.
#[rustfmt::skip]
fn endpoints() -> Vec<Endpoint> {
    use Access::{AnyKey, AnyOf, Scope};
    use key::Scope::{
        ReadContacts, ReadCustomers, ReadOnboardings, WriteContacts, WriteCustomers, WriteOnboardings,
    };
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    vec![
        with_key(&get,    "/me",                                 "get-me",                    AnyKey,                  me::show,                      me::describe_show),
        public  (&get,    "/health",                             "get-health",                                         health::show,                  health::describe_show),
        with_key(&get,    "/customers",                          "list-customers",            Scope(ReadCustomers),    customers::list,               customers::describe_list),
        with_key(&post,   "/customers",                          "create-customer",           Scope(WriteCustomers),   customers::create,             customers::describe_create),
        with_key(&get,    "/customers/{id}",                     "get-customer",              Scope(ReadCustomers),    customers::show,               customers::describe_show),
        with_key(&patch,  "/customers/{id}",                     "update-customer",           Scope(WriteCustomers),   customers::update,             customers::describe_update),
        with_key(&delete, "/customers/{id}",                     "delete-customer",           Scope(WriteCustomers),   customers::delete,             customers::describe_delete),
        with_key(&get,    "/customers/{customerId}/contacts",    "list-customer-contacts",    Scope(ReadContacts),     contacts::list,                contacts::describe_list),
        with_key(&post,   "/customers/{customerId}/contacts",    "create-customer-contact",   Scope(WriteContacts),    contacts::create,              contacts::describe_create),
        with_key(&get,    "/contacts/{id}",                      "get-contact",               Scope(ReadContacts),     contacts::show,                contacts::describe_show),
        with_key(&patch,  "/contacts/{id}",                      "update-contact",            Scope(WriteContacts),    contacts::update,              contacts::describe_update),
        with_key(&delete, "/contacts/{id}",                      "delete-contact",            Scope(WriteContacts),    contacts::delete,              contacts::describe_delete),
        with_key(&get,    "/onboardings",                        "list-onboardings",          Scope(ReadOnboardings),  onboardings::list,             onboardings::describe_list),
        with_key(&post,   "/onboardings",                        "create-onboarding",         Scope(WriteOnboardings), onboardings::create,           onboardings::describe_create),
        with_key(&get,    "/customers/{customerId}/onboardings", "list-customer-onboardings", Scope(ReadOnboardings),  onboardings::list_of_customer, onboardings::describe_list_of_customer),
        with_key(&get,    "/onboardings/{id}",                   "get-onboarding",            Scope(ReadOnboardings),  onboardings::show,             onboardings::describe_show),
        with_key(&patch,  "/onboardings/{id}",                   "update-onboarding",         Scope(WriteOnboardings), onboardings::update,           onboardings::describe_update),
        with_key(&delete, "/onboardings/{id}",                   "delete-onboarding",         Scope(WriteOnboardings), onboardings::delete,           onboardings::describe_delete),
        with_key(&get,    "/customers/{id}/activity",            "list-customer-activity",    Scope(ReadCustomers),    activity::list_of_customer,    activity::describe_list_of_customer),
        with_key(&get,    "/onboardings/{id}/activity",          "list-onboarding-activity",  Scope(ReadOnboardings),  activity::list_of_onboarding,  activity::describe_list_of_onboarding),
        with_key(&get,    "/events",                             "list-events",               AnyOf(&events::SCOPES),  events::list,                  events::describe_list),
        public  (&get,    "/openapi.json",                       "openapi",                                            show_document,                 served::describe_show),
    ]
}

/// An endpoint that needs a key.
fn with_key<F: Future<Output = Reply> + 'static>(
    method: &Method,
    path: &'static str,
    id: &'static str,
    access: Access,
    handler: fn(Call) -> F,
    describe: fn() -> Description,
) -> Endpoint {
    let operation = Operation { id, access };
    let known = known_parameters(describe);
    let answer = move |request: HttpRequest, payload: Payload| {
        let known = Arc::clone(&known);
        async move {
            let mut response = dispatch(request.clone(), payload, operation, handler).await;
            ignored::add_header(&mut response, request.query_string(), &known);
            response
        }
    };
    Endpoint { method: method.clone(), path, operation, route: web::to(answer), describe }
}

/// An endpoint that is answered without looking at a key.
fn public<F: Future<Output = HttpResponse> + 'static>(
    method: &Method,
    path: &'static str,
    id: &'static str,
    handler: fn(Data<Api>, HttpRequest) -> F,
    describe: fn() -> Description,
) -> Endpoint {
    let operation = Operation { id, access: Access::Public };
    let known = known_parameters(describe);
    let answer = move |api: Data<Api>, request: HttpRequest| {
        request.extensions_mut().insert(UsedOperation(id));
        let known = Arc::clone(&known);
        async move {
            let mut response = handler(api, request.clone()).await;
            ignored::add_header(&mut response, request.query_string(), &known);
            response
        }
    };
    Endpoint { method: method.clone(), path, operation, route: web::to(answer), describe }
}

/// GET `/openapi.json`
fn show_document(api: Data<Api>, request: HttpRequest) -> impl Future<Output = HttpResponse> {
    static DOCUMENT: Document = Document::new(endpoints);
    served::show(&DOCUMENT, api, request)
}

/// The description of the API, for clients that reach it at this origin.
pub fn document(origin: &str) -> OpenApi {
    document::build(&endpoints(), origin)
}

/// The names of an endpoint's query parameters, which are looked up once and only when a query asks
/// for them.
fn known_parameters(
    describe: fn() -> Description,
) -> Arc<LazyLock<Vec<String>, impl FnOnce() -> Vec<String>>> {
    Arc::new(LazyLock::new(move || describe().parameters()))
}

/// Registers the endpoints below the base path of the API.
pub fn configure(config: &mut ServiceConfig) {
    let refuse_method =
        |request: &HttpRequest, allowed| refuse(request, &ApiError::MethodNotAllowed(allowed));
    let routes = endpoints().into_iter().map(|row| (row.method, row.path, row.route));
    let mut api = web::scope(BASE);
    for resource in resources(routes, refuse_method) {
        api = api.service(resource);
    }
    config.service(api);
    let outside = [(Method::GET, "/api/health/deep", web::to(health::deep))];
    for resource in resources(outside, refuse_method) {
        config.service(resource);
    }
}

/// Answers requests for paths that nothing is registered for.
pub async fn no_route(request: HttpRequest) -> HttpResponse {
    let error = match request.path().strip_prefix(BASE) {
        Some(rest) if has_base(rest) => ApiError::BasePathTwice,
        _ => ApiError::RouteNotFound,
    };
    refuse(&request, &error)
}

/// Whether what follows the base path begins with it again. A base URL that ends with a slash
/// makes two of it.
fn has_base(rest: &str) -> bool {
    let rest = rest.trim_start_matches('/');
    let again = rest.strip_prefix(BASE.trim_start_matches('/'));
    again.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
