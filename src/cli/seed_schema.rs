//! `seed-schema`

use super::args::SeedSchema;
use super::context::Context;
use super::failure::Failure;
use crate::model::seed::seed_schema;

pub fn run(context: &Context, args: &SeedSchema) -> Result<(), Failure> {
    let schema = seed_schema(&args.url);
    let text = serde_json::to_string_pretty(&schema);
    let text = text.map_err(|error| Failure::Other(error.to_string()))?;
    context.output.print(&schema, || text)
}
