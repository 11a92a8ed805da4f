//! Creates the objects of an export on another server.

mod body;
pub mod map_file;
#[cfg(test)]
mod map_tests;
pub mod report;
mod send;

pub use self::send::upload;
