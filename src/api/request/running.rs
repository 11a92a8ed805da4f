//! The requests with an idempotency key that are being answered at this moment: no two of them have
//! the same one.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::workspace::WorkspaceNo;

/// All of them.
#[derive(Clone, Default)]
pub(in crate::api) struct Running(Arc<Mutex<HashSet<Slot>>>);

/// A workspace, an endpoint and a key.
pub(super) type Slot = (WorkspaceNo, String, Vec<u8>);

/// Keeps a slot until it is dropped.
pub(in crate::api) struct Guard {
    running: Running,
    slot: Slot,
}

impl Running {
    /// Claims a slot, unless another request has it.
    pub(super) fn claim(&self, slot: Slot) -> Option<Guard> {
        let is_free = self.slots().insert(slot.clone());
        is_free.then(|| Guard { running: self.clone(), slot })
    }

    fn slots(&self) -> MutexGuard<'_, HashSet<Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.running.slots().remove(&self.slot);
    }
}
