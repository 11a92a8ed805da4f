//! Drives the real server over HTTP, each test on a database and a port of its own. Folders are
//! areas, and modules are named after the paths and the promises that they test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admin;
mod api;
mod docs;
mod ops;
mod support;
