//! Moves a workspace from and to another server with the Pivotal API: the hosted one, or another
//! instance of this one.

mod assemble;
pub mod base_url;
pub mod client;
mod download;
pub mod error;
mod exchange;
pub mod key;
pub mod kind;
pub mod me;
mod message;
mod pace;
mod page;
pub mod problem;
pub mod receive;
pub mod reply;
pub mod report;
mod retry;
mod staging;
pub mod upload;
pub mod watch;
