//! From what a client sends to values: bodies, query parameters, patches and pages, with every
//! problem found in one pass.

pub mod changes;
pub mod choice;
pub mod declaration;
pub mod fields;
pub mod page;
pub mod params;
pub mod patch;
pub mod problem;
pub mod schema;
