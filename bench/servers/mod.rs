//! The processes that are measured.

pub mod floor;
pub mod process;
pub mod server;
