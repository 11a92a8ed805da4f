//! Scheduled backups.

pub(crate) mod schedule;
pub(crate) mod task;
