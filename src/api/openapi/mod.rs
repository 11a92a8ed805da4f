//! The OpenAPI 3.1 document, built from the route table, the parsers of the model, the API's
//! errors, and the descriptions next to the handlers.

pub(super) mod bodies;
mod deleted_examples;
pub(super) mod description;
pub(super) mod document;
mod errors;
pub(super) mod examples {
    pub(in crate::api) use super::deleted_examples::*;
    pub(in crate::api) use crate::model::examples::*;
}
pub(super) mod links;
mod parameters;
mod problem_examples;
mod responses;
pub(super) mod serve;
mod webhooks;
