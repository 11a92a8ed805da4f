//! Tests of whole seeds.

mod faults;
mod schema;
mod yaml;

use serde_json::Value;

use super::Seed;
use crate::model::values::time::Timestamp;

fn now() -> Timestamp {
    Timestamp::parse("2026-06-15T12:00:00Z").unwrap()
}

/// Returns everything that is wrong with a seed.
fn faults(seed: Seed) -> Vec<String> {
    let rows: Vec<_> = seed.rows().filter_map(|row| row.entry.err()).flatten().collect();
    seed.faults.iter().chain(&rows).map(ToString::to_string).collect()
}

fn faults_in_text(text: &str) -> Vec<String> {
    match Seed::read(text.as_bytes(), now()) {
        Ok(seed) => faults(seed),
        Err(fault) => vec![fault.to_string()],
    }
}

fn faults_in_json(value: Value) -> Vec<String> {
    Seed::from_json(value, now()).map_or_else(|fault| vec![fault.to_string()], faults)
}
