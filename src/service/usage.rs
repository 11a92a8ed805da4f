//! When, from where and how often each key was used: gathered in memory, and written every few
//! seconds instead of with every request.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::key::{Key, KeyId, KeyUse};
use crate::model::values::time::Timestamp;
use crate::store::{Store, StoreError};

/// What was gathered since it was last written.
#[derive(Default)]
pub(crate) struct Usage(Mutex<State>);

#[derive(Default)]
struct State {
    gathered: HashMap<KeyId, KeyUse>,
    /// What was taken to be written and is not in the file for certain.
    on_its_way: HashMap<KeyId, KeyUse>,
    /// How often something was written.
    writes: u64,
}

/// What the file does not know yet of the use of keys.
pub(crate) struct Unwritten {
    uses: HashMap<KeyId, KeyUse>,
    writes: u64,
}

impl Usage {
    /// Takes note of a request.
    pub fn note(&self, key: &KeyId, now: Timestamp, address: IpAddr) {
        let mut state = self.lock();
        if let Some(used) = state.gathered.get_mut(key) {
            *used = KeyUse { at: used.at.max(now), from: address, requests: used.requests + 1 };
        } else {
            state.gathered.insert(key.clone(), KeyUse { at: now, from: address, requests: 1 });
        }
    }

    /// A look at what is not written yet. Taken before the file is read it misses nothing; when
    /// something was written meanwhile ([`Usage::is_current`]), it counts some requests twice.
    pub fn look(&self) -> Unwritten {
        let state = self.lock();
        let mut uses = state.on_its_way.clone();
        add(&mut uses, state.gathered.iter().map(|(key, used)| (key.clone(), *used)));
        Unwritten { uses, writes: state.writes }
    }

    /// Whether nothing was written since that look.
    pub fn is_current(&self, look: &Unwritten) -> bool {
        self.lock().writes == look.writes
    }

    /// Writes what was gathered. What could not be written is kept for the next time.
    ///
    /// # Errors
    /// Why it could not be written.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let batch: Vec<_> = {
            let mut state = self.lock();
            let gathered = std::mem::take(&mut state.gathered);
            state.on_its_way.clone_from(&gathered);
            gathered.into_iter().collect()
        };
        if batch.is_empty() {
            return Ok(());
        }
        let copy = batch.clone();
        let written = store.write(move |tx| tx.record_key_uses(&copy)).await;
        let mut state = self.lock();
        state.on_its_way.clear();
        if written.is_ok() {
            state.writes += 1;
        } else {
            let later = std::mem::replace(&mut state.gathered, batch.into_iter().collect());
            add(&mut state.gathered, later);
        }
        written
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unwritten {
    /// Brings what the file says of a key up to date.
    pub fn add_to(&self, key: &mut Key) {
        if let Some(used) = self.uses.get(&key.id) {
            key.last_used_at = Some(key.last_used_at.map_or(used.at, |at| at.max(used.at)));
            key.last_used_ip = Some(used.from.to_string());
            key.request_count += used.requests;
        }
    }
}

/// Adds later uses to earlier ones.
fn add(uses: &mut HashMap<KeyId, KeyUse>, later: impl IntoIterator<Item = (KeyId, KeyUse)>) {
    for (key, used) in later {
        let sum = uses.get(&key).map_or(used, |earlier| KeyUse {
            at: earlier.at.max(used.at),
            requests: earlier.requests + used.requests,
            ..used
        });
        uses.insert(key, sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_uses_are_added_to_earlier_ones() {
        let (one, other): (KeyId, KeyId) = (KeyId::generate(), KeyId::generate());
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let (near, far): (IpAddr, IpAddr) = ([10, 0, 0, 7].into(), [10, 0, 0, 8].into());
        let usage = Usage::default();
        usage.note(&one, at(1), near);
        usage.note(&one, at(2), far);
        let look = usage.look();
        assert!(usage.is_current(&look) && !look.uses.contains_key(&other));
        let mut uses = look.uses;
        add(&mut uses, [(one.clone(), KeyUse { at: at(1), from: near, requests: 3 })]);
        let sum = uses[&one];
        assert_eq!((sum.at, sum.from, sum.requests), (at(2), near, 5));
    }
}
