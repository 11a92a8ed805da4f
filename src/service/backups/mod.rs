//! Scheduled backups, and handing each of them to a command.

pub(crate) mod after;
mod command;
pub(crate) mod hand_over;
mod output;
pub(crate) mod schedule;
pub(crate) mod task;
