//! `seed-schema`

use super::super::output::Output;
use super::super::output::failure::Failure;
use super::args::SeedSchema;
use crate::model::seed::seed_schema;

pub fn run(output: Output, args: &SeedSchema) -> Result<(), Failure> {
    let schema = seed_schema(&args.url);
    let text = serde_json::to_string_pretty(&schema);
    let text = text.map_err(|error| Failure::Other(error.to_string()))?;
    output.print(&schema, || text)
}
