//! The description of the API: whole, and true of the server.

mod document;
mod examples;
mod parameters;
