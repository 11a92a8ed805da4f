//! `pivotal-server`: a self-hosted server for the Pivotal customer-onboarding API.
//!
//! The binary is the product. The library exists so that tests and benchmarks can use its parts.
//! `ARCHITECTURE.md` suggests an order for reading the source.

pub mod admin;
pub mod api;
pub mod cli;
pub mod demo;
pub mod docs;
pub mod http;
pub mod logging;
pub mod model;
pub mod server;
pub mod service;
pub mod settings;
pub mod store;
pub mod test_control;
mod tls;
pub mod transfer;
