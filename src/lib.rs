//! `pivotal-server`: a self-hosted server for the Pivotal customer-onboarding API.
//!
//! The binary is the product; the library exists so that tests and benches can reach its parts.
//! `ARCHITECTURE.md` tells in which order to read the source.

pub mod admin;
pub mod api;
pub mod cli;
pub mod demo;
pub mod docs;
pub mod http;
pub mod model;
pub mod server;
pub mod service;
pub mod settings;
pub mod store;
