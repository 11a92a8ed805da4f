//! Commands that print what is generated from the code: `completions`, `man`, `openapi`, and
//! `seed-schema`.

pub mod args;
pub mod completions;
pub mod man;
pub mod openapi;
pub mod seed_schema;
