//! When, from where and how often each key was used: gathered in memory, and written every few
//! seconds instead of with every request.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::model::key::{KeyId, KeyUse};
use crate::model::time::Timestamp;
use crate::store::{Store, StoreError};

/// What was gathered since it was last written.
#[derive(Default)]
pub(crate) struct Usage(Mutex<HashMap<KeyId, KeyUse>>);

impl Usage {
    /// Takes note of a request.
    pub fn note(&self, key: &KeyId, now: Timestamp, address: IpAddr) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(used) = gathered.get_mut(key) {
            *used = KeyUse { at: used.at.max(now), from: address, requests: used.requests + 1 };
        } else {
            gathered.insert(key.clone(), KeyUse { at: now, from: address, requests: 1 });
        }
    }

    /// Writes what was gathered. What could not be written is kept for the next time.
    ///
    /// # Errors
    /// Why it could not be written.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let gathered = {
            let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *gathered)
        };
        if gathered.is_empty() {
            return Ok(());
        }
        let batch: Vec<_> = gathered.into_iter().collect();
        let copy = batch.clone();
        let written = store.write(move |tx| tx.note_key_uses(&copy)).await;
        if written.is_err() {
            self.give_back(batch);
        }
        written
    }

    fn give_back(&self, batch: Vec<(KeyId, KeyUse)>) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, earlier) in batch {
            gathered
                .entry(key)
                .and_modify(|used| used.requests += earlier.requests)
                .or_insert(earlier);
        }
    }
}
