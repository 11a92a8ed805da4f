//! `openapi`

use super::super::output::Output;
use super::super::output::failure::Failure;
use super::args::Openapi;
use crate::api;

pub fn run(output: Output, args: &Openapi) -> Result<(), Failure> {
    let document = api::document(&args.url);
    let text = serde_json::to_string_pretty(&document);
    let text = text.map_err(|error| Failure::Other(error.to_string()))?;
    output.print(&document, || text)
}
