//! What the test control does to a workspace's data: resetting it, taking snapshots of it, and
//! restoring them. None of these takes longer for more rows. A demo is reset in the same way
//! (`first_keys_only.rs`).
//!
//! A reset detaches the rows instead of deleting them: the workspace gets a new number
//! (`numbers.rs`), and the rows of the old one are removed in small batches later
//! (`discarded.rs`). A snapshot copies nothing but a few counters. From then on, temporary triggers
//! keep the previous version of each row that changes (`undo_log.rs`), so a restore rewrites only
//! those rows (`snapshots.rs`).

mod discarded;
mod first_keys_only;
mod numbers;
mod snapshots;
mod undo_log;

pub use self::snapshots::{MAX_SNAPSHOTS, StateError};

#[cfg(test)]
mod tests;
