//! A row of the route table.

use actix_web::Route;
use actix_web::http::Method;

use super::openapi::description::Description;
use super::operation::Operation;

/// The base path of all endpoints.
pub(super) const BASE: &str = "/api/v1";

pub(super) struct Endpoint {
    pub method: Method,
    /// Relative to [`BASE`].
    pub path: &'static str,
    pub operation: Operation,
    pub route: Route,
    pub describe: fn() -> Description,
}
