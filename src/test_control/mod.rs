//! Test control: the routes under `/_test`, with which tests set the clock, inject faults, read
//! what a client sent, wait for webhooks, and isolate themselves.
//!
//! `server` registers them only in a server that was started with test control. `guard` decides
//! who may use them. They are not part of the API and not in its OpenAPI document;
//! `docs/testing/control.md` is their reference.

mod clock;
mod control;
mod drain;
mod error;
mod faults;
mod guard;
mod request;
mod requests;
mod routes;
mod seed;
mod workspaces;

pub use self::control::Control;
pub use self::routes::configure;
