//! Keys as they were last read from a database on another machine. A request that reads can assume
//! that its key is still the same, and compare it in the round trip of what it reads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::key::secret::Prefix;
use crate::service::bounded_map::make_room;
use crate::store::Credentials;

/// The maximum number of keys, of less than a kilobyte each.
const MAX_KEYS: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct KnownKeys(Mutex<HashMap<Prefix, Arc<Credentials>>>);

impl KnownKeys {
    pub fn get(&self, prefix: &Prefix) -> Option<Arc<Credentials>> {
        self.keys().get(prefix).cloned()
    }

    /// Remembers what was read now.
    pub fn set(&self, prefix: Prefix, found: Option<Arc<Credentials>>) {
        let mut keys = self.keys();
        let Some(found) = found else {
            keys.remove(&prefix);
            return;
        };
        make_room(&mut keys, MAX_KEYS);
        keys.insert(prefix, found);
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<Prefix, Arc<Credentials>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
