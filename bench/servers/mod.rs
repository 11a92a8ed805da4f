//! The processes that are measured.

pub mod build;
pub mod floor;
pub mod log_watch;
pub mod process;
pub mod rounds;
pub mod server;
