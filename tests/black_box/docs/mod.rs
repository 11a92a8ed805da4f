//! The docs site and the README.

mod links;
mod origin;
pub mod pages;
mod readme;
