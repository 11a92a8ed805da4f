//! The route table. `docs/testing/control.md` describes each of them.

use std::future::Future;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Payload, ServiceConfig};

use super::control::Control;
use super::request::{ControlRequest, ControlResult, dispatch, refuse_method};
use super::{clock, drain, faults, requests, workspaces};
use crate::http::routing::{RouteEntry, build_resources};

#[rustfmt::skip]
fn routes() -> Vec<RouteEntry> {
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    vec![
        route(&get,    "/_test/clock",                    "get-test-clock",        clock::get),
        route(&put,    "/_test/clock",                    "set-test-clock",        clock::set),
        route(&delete, "/_test/clock",                    "reset-test-clock",      clock::reset),
        route(&post,   "/_test/faults",                   "create-test-fault",     faults::create),
        route(&get,    "/_test/faults",                   "list-test-faults",      faults::list),
        route(&delete, "/_test/faults/{id}",              "delete-test-fault",     faults::delete),
        route(&delete, "/_test/faults",                   "delete-test-faults",    faults::delete_all),
        route(&get,    "/_test/requests",                 "list-test-requests",    requests::list),
        route(&delete, "/_test/requests",                 "clear-test-requests",   requests::clear),
        route(&post,   "/_test/drain",                    "drain-test-webhooks",   drain::wait),
        route(&post,   "/_test/workspaces",               "create-test-workspace", workspaces::create),
        route(&post,   "/_test/workspaces/{slug}/reset",  "reset-test-workspace",  workspaces::reset),
        route(&put,    "/_test/workspaces/{slug}/snapshots/{name}",         "take-test-snapshot",    workspaces::take_snapshot),
        route(&post,   "/_test/workspaces/{slug}/snapshots/{name}/restore", "restore-test-snapshot", workspaces::restore_snapshot),
    ]
}

/// Defines a route. The ID appears in the access log.
fn route<F: Future<Output = ControlResult> + 'static>(
    method: &Method,
    path: &'static str,
    id: &'static str,
    handler: fn(ControlRequest) -> F,
) -> RouteEntry {
    let handle = move |control: Data<Control>, request: HttpRequest, payload: Payload| {
        dispatch(control, request, payload, id, handler)
    };
    (method.clone(), path, web::to(handle))
}

pub fn configure(config: &mut ServiceConfig) {
    for resource in build_resources(routes(), refuse_method) {
        config.service(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_describes_exactly_these_routes() {
        let reference = include_str!("../../docs/testing/control.md");
        let described: Vec<&str> =
            reference.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        let routes = routes();
        let served: Vec<String> =
            routes.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
        assert_eq!(described, served);
    }
}
