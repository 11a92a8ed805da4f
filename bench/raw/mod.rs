//! What the disk and SQLite can do on their own, in this process.

mod connection;
pub mod inserts;
mod log_size;
pub mod pages;
pub mod syncs;
pub mod timing;
