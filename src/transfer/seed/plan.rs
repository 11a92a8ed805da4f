//! What the import does with a key or an endpoint.

use crate::model::transfer::{Counts, OnConflict, Outcome};

pub(super) enum Planned<T> {
    Create(T),
    Update(T),
    Keep(Outcome),
}

impl<T> Planned<T> {
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Create(_) => Outcome::Created,
            Self::Update(_) => Outcome::Updated,
            Self::Keep(outcome) => *outcome,
        }
    }

    /// Returns the change to make, if any.
    pub fn into_change(self) -> Option<T> {
        match self {
            Self::Create(change) | Self::Update(change) => Some(change),
            Self::Keep(_) => None,
        }
    }
}

/// Returns what happens to something that differs from what exists; `None` if it is a fault.
pub(super) fn on_difference(on_conflict: OnConflict) -> Option<Outcome> {
    (on_conflict == OnConflict::Skip).then_some(Outcome::Skipped)
}

/// Counts the outcomes. What isn't planned is faulty.
pub(super) fn count<T>(planned: &[Planned<T>], total: usize) -> Counts {
    let mut counts = Counts::default();
    for plan in planned {
        counts.add(plan.outcome());
    }
    counts.rejected = total.saturating_sub(planned.len()) as u64;
    counts
}
