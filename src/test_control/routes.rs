//! The route table. `docs/testing/control.md` describes each of them.

use std::future::Future;

use actix_web::http::Method;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, Route};

use super::control::Control;
use super::request::{ControlRequest, ControlResult, dispatch, refuse_method};
use super::{clock, drain, faults, requests, workspaces};
use crate::http::routing::{RouteEntry, build_resources};

#[rustfmt::skip]
fn routes() -> Vec<RouteEntry> {
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    vec![
        (get.clone(),    "/_test/clock",       handle("get-test-clock",      clock::get)),
        (put.clone(),    "/_test/clock",       handle("set-test-clock",      clock::set)),
        (delete.clone(), "/_test/clock",       handle("reset-test-clock",    clock::reset)),
        (get.clone(),    "/_test/faults",      handle("list-test-faults",    faults::list)),
        (post.clone(),   "/_test/faults",      handle("create-test-fault",   faults::create)),
        (delete.clone(), "/_test/faults",      handle("delete-test-faults",  faults::delete_all)),
        (delete.clone(), "/_test/faults/{id}", handle("delete-test-fault",   faults::delete)),
        (get,            "/_test/requests",    handle("list-test-requests",  requests::list)),
        (delete,         "/_test/requests",    handle("clear-test-requests", requests::clear)),
        (post.clone(),   "/_test/drain",       handle("drain-test-webhooks", drain::wait)),
        (post.clone(),   "/_test/workspaces",  handle("create-test-workspace", workspaces::create)),
        (post.clone(),   "/_test/workspaces/{slug}/reset", handle("reset-test-workspace", workspaces::reset)),
        (put,            "/_test/workspaces/{slug}/snapshots/{name}", handle("take-test-snapshot", workspaces::take_snapshot)),
        (post,           "/_test/workspaces/{slug}/snapshots/{name}/restore", handle("restore-test-snapshot", workspaces::restore_snapshot)),
    ]
}

fn handle<F: Future<Output = ControlResult> + 'static>(
    id: &'static str,
    handler: fn(ControlRequest) -> F,
) -> Route {
    web::to(move |control: Data<Control>, request: HttpRequest, payload: Payload| {
        dispatch(control, request, payload, id, handler)
    })
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
