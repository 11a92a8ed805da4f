//! A row of the route table.

use actix_web::Route;
use actix_web::http::Method;

use super::openapi::description::Description;
use super::operation::Operation;

/// What the paths of all endpoints follow.
pub(super) const BASE: &str = "/api/v1";

/// One endpoint of the API.
pub(super) struct Endpoint {
    pub method: Method,
    /// Its path below [`BASE`].
    pub path: &'static str,
    pub operation: Operation,
    /// What answers it.
    pub route: Route,
    /// What the document says about it.
    pub describe: fn() -> Description,
}
