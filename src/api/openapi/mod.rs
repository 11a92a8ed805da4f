//! The description of the API, in OpenAPI 3.1: what the route table, the parsers of the model and
//! the table of errors know, put together with the descriptions beside the handlers.

pub(super) mod bodies;
pub(super) mod description;
pub(super) mod document;
mod errors;
pub(super) mod examples;
pub(super) mod links;
mod parameters;
mod problems;
mod responses;
pub(super) mod served;
