//! `openapi`: the description of the API, printed.

use super::args::Openapi;
use super::context::Context;
use super::failure::Failure;
use crate::api;

/// Prints the document of a server at the address that was given.
pub fn run(context: &Context, args: &Openapi) -> Result<(), Failure> {
    let document = api::document(&args.url);
    let text = serde_json::to_string_pretty(&document);
    let text = text.map_err(|error| Failure::Other(error.to_string()))?;
    context.output.print(&document, || text)
}
