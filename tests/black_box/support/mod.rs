//! What the tests share: a server in a process of its own, one in this process whose clock can be
//! set, and a client that expects.

mod client;
pub mod contract;
mod in_process;
#[cfg(target_os = "linux")]
mod locks;
mod page;
mod server;
mod visitor;

pub use client::{Client, Reply};
pub use in_process::{InProcess, ManualClock};
#[cfg(target_os = "linux")]
pub use locks::locks_of;
pub use page::Part;
use server::write_database;
pub use server::{Server, command, command_under, set_password, wait_until};
pub use visitor::{PASSWORD, Shown, Visitor};
