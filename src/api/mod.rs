//! The HTTP API.
//!
//! `routes` lists every endpoint. Each endpoint has a handler and a description, in the module
//! named after its path; `openapi` turns the descriptions into the OpenAPI document. Only `server`
//! uses this module, and `cli`, for the OpenAPI document.

mod activity;
mod contacts;
mod customers;
mod endpoint;
mod error;
mod events;
mod health;
mod me;
mod onboardings;
mod openapi;
mod operation;
mod request;
mod response;
mod routes;
mod state;

pub use self::routes::{configure, document, no_route, operation_ids, operations};
pub use self::state::Api;
