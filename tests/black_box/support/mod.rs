//! Shared by all tests: a server in a process of its own, a server in this process with a manual
//! clock, and clients with assertions.

mod certificates;
mod client;
pub mod contract;
pub mod database;
mod ephemeral;
mod in_process;
#[cfg(target_os = "linux")]
mod locks;
mod page;
mod receiver;
mod server;
mod snapshot;
mod visitor;

pub use certificates::Certificate;
pub use client::{Client, Response};
pub use ephemeral::Ephemeral;
pub use in_process::{InProcess, ManualClock, location};
#[cfg(target_os = "linux")]
pub use locks::locks_held_by;
pub use page::Part;
pub use receiver::{Receiver, Request};
pub use server::{Server, command, command_in, command_under, run_with, set_password, wait_until};
pub use snapshot::assert_up_to_date;
pub use visitor::{PASSWORD, Page, Visitor};
