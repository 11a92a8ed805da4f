//! Records when, from where, and how often each API key is used. The usage is collected in memory
//! and written every few seconds instead of with every request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, stream};

use crate::model::client_address::ClientAddress;
use crate::model::key::{Key, KeyId, KeyUse};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::{Store, StoreError, Tx, WriteScope};

/// How many changes are queued at the same time, which leaves room for those of requests.
const PARTS_AT_A_TIME: usize = 64;

/// The usage that hasn't been written yet.
#[derive(Default)]
pub(crate) struct KeyUsage(Mutex<State>);

/// By key, with the workspace that the key was last used in.
type Uses = HashMap<KeyId, (WorkspaceNo, KeyUse)>;

#[derive(Default)]
struct State {
    unflushed: Uses,
    /// Being written, so it may or may not be in the database already.
    flushing: Uses,
    /// The number of successful writes.
    flushes: u64,
}

/// A copy of the usage that isn't in the database yet.
pub(crate) struct PendingUsage {
    uses: Uses,
    flushes: u64,
}

impl KeyUsage {
    /// Counts a request.
    pub fn record(&self, workspace: WorkspaceNo, key: &KeyId, now: Timestamp, from: ClientAddress) {
        let mut state = self.lock();
        if let Some((last_in, used)) = state.unflushed.get_mut(key) {
            *last_in = workspace;
            *used = KeyUse {
                last_used_at: used.last_used_at.max(now),
                from,
                requests: used.requests + 1,
            };
        } else {
            let used = KeyUse { last_used_at: now, from, requests: 1 };
            state.unflushed.insert(key.clone(), (workspace, used));
        }
    }

    /// Returns the usage that hasn't been written yet. Call this before reading the database, so
    /// that no usage is missed. If a write happened in between (see [`KeyUsage::is_current`]), some
    /// requests would count twice.
    pub fn pending(&self) -> PendingUsage {
        let state = self.lock();
        let mut uses = state.flushing.clone();
        merge(&mut uses, state.unflushed.iter().map(|(key, used)| (key.clone(), *used)));
        PendingUsage { uses, flushes: state.flushes }
    }

    /// Returns whether nothing was written since [`KeyUsage::pending`] returned this.
    pub fn is_current(&self, pending: &PendingUsage) -> bool {
        self.lock().flushes == pending.flushes
    }

    /// Writes the collected usage, a change for each workspace. Keeps what can't be written for the
    /// next time.
    ///
    /// # Errors
    /// Fails if the database can't be written.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let mut parts: HashMap<WorkspaceNo, Vec<(KeyId, KeyUse)>> = HashMap::new();
        {
            let mut state = self.lock();
            let unflushed = std::mem::take(&mut state.unflushed);
            state.flushing.clone_from(&unflushed);
            for (key, (workspace, used)) in unflushed {
                parts.entry(workspace).or_default().push((key, used));
            }
        }
        let parts = parts.into_iter().map(|(no, uses)| self.flush_part(store, no, uses));
        let written = stream::iter(parts).buffer_unordered(PARTS_AT_A_TIME);
        written.fold(Ok(()), |all, part| std::future::ready(all.and(part))).await
    }

    async fn flush_part(
        &self,
        store: &Store,
        workspace: WorkspaceNo,
        uses: Vec<(KeyId, KeyUse)>,
    ) -> Result<(), StoreError> {
        let copy = uses.clone();
        let record = move |tx: &Tx<'_>| tx.record_key_uses(&copy);
        let written = store.write(WriteScope::Workspace(workspace), record).await;
        let mut state = self.lock();
        for (key, _) in &uses {
            state.flushing.remove(key);
        }
        if written.is_ok() {
            state.flushes += 1;
        } else {
            let later = std::mem::take(&mut state.unflushed);
            state.unflushed.extend(uses.into_iter().map(|(key, used)| (key, (workspace, used))));
            merge(&mut state.unflushed, later);
        }
        written
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PendingUsage {
    /// Adds the pending usage to a key that was read from the database.
    pub fn add_to(&self, key: &mut Key) {
        if let Some((_, used)) = self.uses.get(&key.id) {
            key.last_used_at =
                Some(key.last_used_at.map_or(used.last_used_at, |at| at.max(used.last_used_at)));
            key.last_used_ip = Some(used.from.to_string());
            key.request_count += used.requests;
        }
    }
}

/// Adds later usage to earlier usage.
fn merge(uses: &mut Uses, later: impl IntoIterator<Item = (KeyId, (WorkspaceNo, KeyUse))>) {
    for (key, (workspace, used)) in later {
        let sum = uses.get(&key).map_or(used, |(_, earlier)| KeyUse {
            last_used_at: earlier.last_used_at.max(used.last_used_at),
            requests: earlier.requests + used.requests,
            ..used
        });
        uses.insert(key, (workspace, sum));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_uses_are_added_to_earlier_ones() {
        let (one, other): (KeyId, KeyId) = (KeyId::generate(), KeyId::generate());
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let client = |host| ClientAddress::Ip([10, 0, 0, host].into());
        let (near, far) = (client(7), client(8));
        let usage = KeyUsage::default();
        let no = WorkspaceNo(1);
        usage.record(no, &one, at(1), near);
        usage.record(no, &one, at(2), far);
        let pending = usage.pending();
        assert!(usage.is_current(&pending) && !pending.uses.contains_key(&other));
        let mut uses = pending.uses;
        let used = KeyUse { last_used_at: at(1), from: near, requests: 3 };
        merge(&mut uses, [(one.clone(), (no, used))]);
        let (_, sum) = uses[&one];
        assert_eq!((sum.last_used_at, sum.from, sum.requests), (at(2), near, 5));
    }
}
