//! `openapi`

use super::args::Openapi;
use super::context::Context;
use super::failure::Failure;
use crate::api;

pub fn run(context: &Context, args: &Openapi) -> Result<(), Failure> {
    let document = api::document(&args.url);
    let text = serde_json::to_string_pretty(&document);
    let text = text.map_err(|error| Failure::Other(error.to_string()))?;
    context.output.print(&document, || text)
}
