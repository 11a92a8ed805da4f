//! Parses request bodies and query parameters into values of the model, reporting all problems in a
//! single pass.

pub mod changes;
pub mod fields;
pub mod input_spec;
pub mod page;
pub mod params;
pub mod patch;
pub mod problem;
pub mod schema;
pub mod string_enum;
pub mod typo;
pub mod unique_keys;
