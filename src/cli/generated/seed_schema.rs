//! `seed-schema`

use super::super::args::SeedSchema;
use super::super::failure::Failure;
use super::super::output::Output;
use crate::model::seed::seed_schema;

pub fn run(output: Output, args: &SeedSchema) -> Result<(), Failure> {
    let schema = seed_schema(&args.url);
    let text = serde_json::to_string_pretty(&schema);
    let text = text.map_err(|error| Failure::Other(error.to_string()))?;
    output.print(&schema, || text)
}
