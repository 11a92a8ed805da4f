//! Tests the real server over HTTP. Each test has a database and a port of its own. Folders are
//! areas, and modules are named after the paths or the behavior that they test.

#![allow(clippy::unwrap_used, reason = "a test that can't continue has failed")]

mod admin;
mod api;
mod docs;
mod ops;
mod remote;
mod support;
mod test_control;
mod webhooks;
