//! Every endpoint, in the order of the contract: its method, path, operation id, what a key needs
//! for it, and the function that answers it. Nothing is checked, limited or refused by path
//! anywhere else.

use std::future::Future;

use actix_web::http::Method;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::answer::Reply;
use super::call::{Call, dispatch, refuse};
use super::error::ApiError;
use super::operation::{Access, Operation};
use super::{activity, contacts, customers, health, me, onboardings};
use crate::model::key;
use crate::service::routing::{Registered, resources};

/// The table.
#[rustfmt::skip]
fn endpoints() -> Vec<Registered> {
    use Access::{AnyKey, Scope};
    use key::Scope::{
        ReadContacts, ReadCustomers, ReadOnboardings, WriteContacts, WriteCustomers, WriteOnboardings,
    };
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    vec![
        on(&get,    "/me",                                  "get-me",                    AnyKey,                  me::show),
        public(&get, "/health",                             web::to(health::show)),
        on(&get,    "/customers",                           "list-customers",            Scope(ReadCustomers),    customers::list),
        on(&post,   "/customers",                           "create-customer",           Scope(WriteCustomers),   customers::create),
        on(&get,    "/customers/{id}",                      "get-customer",              Scope(ReadCustomers),    customers::show),
        on(&patch,  "/customers/{id}",                      "update-customer",           Scope(WriteCustomers),   customers::update),
        on(&delete, "/customers/{id}",                      "delete-customer",           Scope(WriteCustomers),   customers::delete),
        on(&get,    "/customers/{id}/contacts",             "list-customer-contacts",    Scope(ReadContacts),     contacts::list),
        on(&post,   "/customers/{id}/contacts",             "create-customer-contact",   Scope(WriteContacts),    contacts::create),
        on(&get,    "/contacts/{id}",                       "get-contact",               Scope(ReadContacts),     contacts::show),
        on(&patch,  "/contacts/{id}",                       "update-contact",            Scope(WriteContacts),    contacts::update),
        on(&delete, "/contacts/{id}",                       "delete-contact",            Scope(WriteContacts),    contacts::delete),
        on(&get,    "/onboardings",                         "list-onboardings",          Scope(ReadOnboardings),  onboardings::list),
        on(&post,   "/onboardings",                         "create-onboarding",         Scope(WriteOnboardings), onboardings::create),
        on(&get,    "/customers/{id}/onboardings",          "list-customer-onboardings", Scope(ReadOnboardings),  onboardings::list_of_customer),
        on(&get,    "/onboardings/{id}",                    "get-onboarding",            Scope(ReadOnboardings),  onboardings::show),
        on(&patch,  "/onboardings/{id}",                    "update-onboarding",         Scope(WriteOnboardings), onboardings::update),
        on(&delete, "/onboardings/{id}",                    "delete-onboarding",         Scope(WriteOnboardings), onboardings::delete),
        on(&get,    "/customers/{id}/activity",             "list-customer-activity",    Scope(ReadCustomers),    activity::of_customer),
        on(&get,    "/onboardings/{id}/activity",           "list-onboarding-activity",  Scope(ReadOnboardings),  activity::of_onboarding),
    ]
}

/// An endpoint that needs a key.
fn on<F: Future<Output = Reply> + 'static>(
    method: &Method,
    path: &'static str,
    id: &'static str,
    access: Access,
    handler: fn(Call) -> F,
) -> Registered {
    let operation = Operation { id, access };
    let answer = move |request: HttpRequest, payload: Payload| {
        dispatch(request, payload, operation, handler)
    };
    public(method, path, web::to(answer))
}

/// An endpoint that is answered without looking at a key.
fn public(method: &Method, path: &'static str, route: Route) -> Registered {
    (method.clone(), path, route)
}

/// Registers the endpoints below the base path of the API.
pub fn configure(config: &mut ServiceConfig) {
    let refuse_method =
        |request: &HttpRequest, allowed| refuse(request, &ApiError::MethodNotAllowed(allowed));
    let mut api = web::scope("/api/v1");
    for resource in resources(endpoints(), refuse_method) {
        api = api.service(resource);
    }
    config.service(api).route("/api/health/deep", web::get().to(health::deep));
}

/// Answers requests for paths that nothing is registered for.
pub async fn no_route(request: HttpRequest) -> HttpResponse {
    refuse(&request, &ApiError::RouteNotFound)
}
