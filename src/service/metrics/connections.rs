//! Counts connections.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusedConnection {
    /// The server has as many connections as it can have.
    Max,
    /// The client has.
    PerAddress,
}

#[derive(Debug, Default)]
pub(crate) struct ConnectionCounts {
    open: AtomicU64,
    max: AtomicU64,
    per_address: AtomicU64,
}

impl ConnectionCounts {
    pub fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn refused(&self, reason: RefusedConnection) {
        self.counter(reason).fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn count_refused(&self, reason: RefusedConnection) -> u64 {
        self.counter(reason).load(Ordering::Relaxed)
    }

    fn counter(&self, reason: RefusedConnection) -> &AtomicU64 {
        match reason {
            RefusedConnection::Max => &self.max,
            RefusedConnection::PerAddress => &self.per_address,
        }
    }
}
