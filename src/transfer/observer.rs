//! Who watches an import.

use crate::model::transfer::{ImportFault, Place};

/// Follows an import, and can stop it.
pub trait Observer {
    /// Called for each faulty row: for all of them before anything is imported, and later for rows
    /// that someone else's changes have made faulty.
    fn on_rejected(&mut self, _rejected: &Rejected) {}

    /// Called after each batch of rows, with the position in the source.
    fn on_progress(&mut self, _step: Step, _position: u64, _size: u64) {}

    /// Whether to stop before the next batch.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Ignores everything and never stops.
impl Observer for () {}

/// A row that isn't imported.
#[derive(Clone, Debug)]
pub struct Rejected {
    pub place: Place,
    /// See [`Item::text`](super::Item::text).
    pub text: Option<String>,
    /// At least one.
    pub faults: Vec<ImportFault>,
}

/// The two passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Checking,
    Importing,
}
