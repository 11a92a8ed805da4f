//! The docs site and the README.

mod cli_reference;
mod links;
mod origin;
pub mod pages;
mod readme;
mod seed_schema;
mod systemd_unit;
mod troubleshooting;
mod webhook_events;
