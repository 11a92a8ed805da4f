//! Drives the real server over HTTP, each test on a database and a port of its own. The modules
//! are named after the paths and the promises that they test.

mod cli;
mod customers;
mod files;
mod readme;
mod support;
