//! The OpenAPI document: complete, and in agreement with the server.

mod document;
mod examples;
mod parameters;
