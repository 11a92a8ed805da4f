//! The faults that are waiting for requests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::model::test_control::fault::{Effect, NewFault};
use crate::model::values::slug::Slug;

/// The maximum number of faults at the same time.
pub(crate) const MAX_FAULTS: usize = 1000;

#[derive(Default)]
pub(crate) struct Faults(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    faults: Vec<WaitingFault>,
    /// The number of faults so far.
    created: u64,
}

/// A fault with the numbers of requests that it still has to skip and affect.
#[derive(Clone, Serialize)]
pub(crate) struct WaitingFault {
    pub id: String,
    #[serde(flatten)]
    fault: NewFault,
    /// The number of requests that it has affected.
    applied: u64,
}

/// A fault that applies to a request.
pub(crate) struct Applied {
    pub id: String,
    pub effect: Effect,
}

impl Faults {
    /// Adds a fault and returns its ID. Returns `None` if there are too many.
    pub fn add(&self, fault: NewFault) -> Option<String> {
        let mut waiting = self.lock();
        if waiting.faults.len() >= MAX_FAULTS {
            return None;
        }
        waiting.created += 1;
        let id = format!("fault_{}", waiting.created);
        waiting.faults.push(WaitingFault { id: id.clone(), fault, applied: 0 });
        Some(id)
    }

    /// Returns all faults, oldest first.
    pub fn list(&self) -> Vec<WaitingFault> {
        self.lock().faults.clone()
    }

    /// Removes a fault. Returns false if there is no such fault.
    pub fn remove(&self, id: &str) -> bool {
        let mut waiting = self.lock();
        let before = waiting.faults.len();
        waiting.faults.retain(|fault| fault.id != id);
        waiting.faults.len() < before
    }

    pub fn clear(&self) {
        self.lock().faults.clear();
    }

    /// Counts a request, and returns the fault that applies to it: the oldest that matches it and
    /// has nothing left to skip. Faults are removed once they have affected all their requests.
    pub fn apply(&self, operation: &str, workspace: &Slug) -> Option<Applied> {
        let mut waiting = self.lock();
        let mut applied = None;
        for WaitingFault { id, fault, applied: number } in &mut waiting.faults {
            if fault.operation.as_deref().is_some_and(|only| only != operation)
                || fault.workspace.as_ref().is_some_and(|only| only != workspace)
            {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.count = fault.count.map(|count| count.saturating_sub(1));
            *number += 1;
            applied = Some(Applied { id: id.clone(), effect: fault.effect.clone() });
            break;
        }
        waiting.faults.retain(|waiting| waiting.fault.count != Some(0));
        applied
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::test_control::fault::InjectedError;

    fn fault(operation: Option<&str>, skip: u32, count: Option<u32>) -> NewFault {
        let error = InjectedError { status: 503, code: None, retry_after: None };
        let effect = Effect { delay: Duration::ZERO, error: Some(error), cut: None };
        let operation = operation.map(str::to_owned);
        NewFault { operation, workspace: None, skip, count, effect }
    }

    fn apply(faults: &Faults, operation: &str) -> Option<String> {
        let workspace = Slug::parse("default").unwrap();
        faults.apply(operation, &workspace).map(|applied| applied.id)
    }

    #[test]
    fn a_fault_skips_requests_then_affects_some_and_is_gone() {
        let faults = Faults::default();
        let id = faults.add(fault(Some("get-me"), 1, Some(2)));
        assert_eq!(apply(&faults, "list-customers"), None);
        assert_eq!(apply(&faults, "get-me"), None);
        assert_eq!(apply(&faults, "get-me"), id);
        assert_eq!(apply(&faults, "get-me"), id);
        assert_eq!(apply(&faults, "get-me"), None);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_fault_without_a_count_affects_every_request_until_it_is_removed() {
        let faults = Faults::default();
        let id = faults.add(fault(None, 0, None)).unwrap();
        assert!((0..5).all(|_| apply(&faults, "get-me").as_ref() == Some(&id)));
        assert!(faults.remove(&id) && !faults.remove(&id));
        assert_eq!(apply(&faults, "get-me"), None);
    }

    #[test]
    fn the_oldest_matching_fault_applies_and_those_that_skip_let_others_through() {
        let faults = Faults::default();
        let skipping = faults.add(fault(None, 1, Some(1)));
        let second = faults.add(fault(None, 0, Some(1)));
        assert_eq!(apply(&faults, "get-me"), second);
        assert_eq!(apply(&faults, "get-me"), skipping);
        let mut other = fault(None, 0, None);
        other.workspace = Some(Slug::parse("other").unwrap());
        faults.add(other);
        assert_eq!(apply(&faults, "get-me"), None);
    }

    #[test]
    fn there_is_a_limit_on_waiting_faults() {
        let faults = Faults::default();
        assert!((0..MAX_FAULTS).all(|_| faults.add(fault(None, 0, None)).is_some()));
        assert!(faults.add(fault(None, 0, None)).is_none());
        faults.clear();
        assert!(faults.add(fault(None, 0, None)).is_some());
    }
}
