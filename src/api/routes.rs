//! Every endpoint, in the order of the contract: its method, path, operation id, what a key needs
//! for it, the function that answers it, and the one that describes it. Nothing is checked, limited
//! or refused by path anywhere else.

use std::future::Future;
use std::sync::{Arc, LazyLock};

use actix_web::http::Method;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::answer::Reply;
use super::error::ApiError;
use super::openapi::{Description, operations as describe};
use super::operation::{Access, Endpoint, Operation};
use super::request::call::{Call, dispatch, refuse};
use super::request::ignored;
use super::state::Api;
use super::{activity, contacts, customers, health, me, onboardings, openapi};
use crate::http::routing::resources;
use crate::model::key;
use crate::service::access_log::UsedOperation;

/// What the paths of the table follow.
pub(super) const BASE: &str = "/api/v1";

/// The table.
#[rustfmt::skip]
pub(super) fn endpoints() -> Vec<Endpoint> {
    use Access::{AnyKey, Scope};
    use key::Scope::{
        ReadContacts, ReadCustomers, ReadOnboardings, WriteContacts, WriteCustomers, WriteOnboardings,
    };
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    vec![
        on(&get,    "/me",                                 "get-me",                    AnyKey,                  me::show,                      describe::get_me),
        public(&get, "/health",                             "get-health",                                         health::show,                  describe::get_health),
        on(&get,    "/customers",                          "list-customers",            Scope(ReadCustomers),    customers::list,               describe::list_customers),
        on(&post,   "/customers",                          "create-customer",           Scope(WriteCustomers),   customers::create,             describe::create_customer),
        on(&get,    "/customers/{id}",                     "get-customer",              Scope(ReadCustomers),    customers::show,               describe::get_customer),
        on(&patch,  "/customers/{id}",                     "update-customer",           Scope(WriteCustomers),   customers::update,             describe::update_customer),
        on(&delete, "/customers/{id}",                     "delete-customer",           Scope(WriteCustomers),   customers::delete,             describe::delete_customer),
        on(&get,    "/customers/{customerId}/contacts",    "list-customer-contacts",    Scope(ReadContacts),     contacts::list,                describe::list_customer_contacts),
        on(&post,   "/customers/{customerId}/contacts",    "create-customer-contact",   Scope(WriteContacts),    contacts::create,              describe::create_customer_contact),
        on(&get,    "/contacts/{id}",                      "get-contact",               Scope(ReadContacts),     contacts::show,                describe::get_contact),
        on(&patch,  "/contacts/{id}",                      "update-contact",            Scope(WriteContacts),    contacts::update,              describe::update_contact),
        on(&delete, "/contacts/{id}",                      "delete-contact",            Scope(WriteContacts),    contacts::delete,              describe::delete_contact),
        on(&get,    "/onboardings",                        "list-onboardings",          Scope(ReadOnboardings),  onboardings::list,             describe::list_onboardings),
        on(&post,   "/onboardings",                        "create-onboarding",         Scope(WriteOnboardings), onboardings::create,           describe::create_onboarding),
        on(&get,    "/customers/{customerId}/onboardings", "list-customer-onboardings", Scope(ReadOnboardings),  onboardings::list_of_customer, describe::list_customer_onboardings),
        on(&get,    "/onboardings/{id}",                   "get-onboarding",            Scope(ReadOnboardings),  onboardings::show,             describe::get_onboarding),
        on(&patch,  "/onboardings/{id}",                   "update-onboarding",         Scope(WriteOnboardings), onboardings::update,           describe::update_onboarding),
        on(&delete, "/onboardings/{id}",                   "delete-onboarding",         Scope(WriteOnboardings), onboardings::delete,           describe::delete_onboarding),
        on(&get,    "/customers/{id}/activity",            "list-customer-activity",    Scope(ReadCustomers),    activity::of_customer,         describe::list_customer_activity),
        on(&get,    "/onboardings/{id}/activity",          "list-onboarding-activity",  Scope(ReadOnboardings),  activity::of_onboarding,       describe::list_onboarding_activity),
        public(&get, "/openapi.json",                       "openapi",                                            openapi::show,                 describe::openapi),
    ]
}

/// An endpoint that needs a key.
fn on<F: Future<Output = Reply> + 'static>(
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
