//! What a row of the route table is made of.

use actix_web::Route;
use actix_web::http::Method;

use super::openapi::Description;
use crate::model::key;

/// What a request needs to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing: no key is looked at.
    Public,
    /// A valid key, whatever its scopes.
    AnyKey,
    /// A valid key that has the scope.
    Scope(key::Scope),
}

/// An operation's name and what it needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// The `operationId` of the API's description, which the log names too.
    pub id: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// A row of the table.
pub(super) struct Endpoint {
    pub method: Method,
    /// Its path below the base path of the API.
    pub path: &'static str,
    pub operation: Operation,
    /// What answers it.
    pub route: Route,
    /// What is said of it.
    pub describe: fn() -> Description,
}
