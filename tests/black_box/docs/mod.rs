//! The documentation site and the README.

mod address;
mod links;
pub mod pages;
mod readme;
