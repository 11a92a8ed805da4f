//! The idempotency keys of the requests in progress. No two of them can have the same key.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::workspace::WorkspaceNo;

#[derive(Clone, Default)]
pub(in crate::api) struct InFlightKeys(Arc<Mutex<HashSet<Slot>>>);

/// A workspace, an endpoint, and an idempotency key.
pub(super) type Slot = (WorkspaceNo, String, Vec<u8>);

/// Holds a slot until it is dropped.
pub(in crate::api) struct InFlightGuard {
    keys: InFlightKeys,
    slot: Slot,
}

impl InFlightKeys {
    /// Claims a slot. Returns `None` if another request holds it.
    pub(super) fn claim(&self, slot: Slot) -> Option<InFlightGuard> {
        let is_free = self.slots().insert(slot.clone());
        is_free.then(|| InFlightGuard { keys: self.clone(), slot })
    }

    fn slots(&self) -> MutexGuard<'_, HashSet<Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.keys.slots().remove(&self.slot);
    }
}
