//! What the disk and SQLite can do on their own, in this process.

pub mod inserts;
pub mod syncs;
pub mod timing;
