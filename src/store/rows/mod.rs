//! Finds, writes and numbers rows, for the resource modules.

pub(super) mod backfill;
pub(super) mod document;
#[cfg(test)]
pub(super) mod fixture;
pub(super) mod list;
pub(super) mod live;
#[cfg(test)]
pub(super) mod plans;
pub(super) mod record;
pub(super) mod resource;
pub(super) mod row;
pub(super) mod sequences;
pub(super) mod slug_runs;
