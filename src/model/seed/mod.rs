//! Seed files: what a workspace contains, written by hand in JSON or YAML.

mod document;
mod key;
mod reader;
mod relative_time;
mod rows;
mod schema;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod webhook;

pub use self::document::{Placed, Seed, SeedRow};
pub use self::key::SeedKey;
pub use self::schema::{SCHEMA_PATH, seed_schema};
pub use self::text::MAX_BYTES as MAX_SEED_BYTES;
pub use self::webhook::SeedWebhook;
