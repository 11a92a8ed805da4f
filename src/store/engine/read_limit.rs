//! Limits reads: a query that takes too long, or whose client has disconnected, is interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Interrupts a read at a deadline, or when it is abandoned.
#[derive(Clone, Debug)]
pub struct ReadLimit {
    deadline: Instant,
    is_abandoned: Arc<AtomicBool>,
}

/// Abandons a read when dropped. Held by the caller that waits for the read.
#[derive(Debug)]
pub struct AbandonOnDrop(Arc<AtomicBool>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl ReadLimit {
    /// Creates a limit with a deadline this far in the future.
    pub fn new(timeout: Duration) -> (Self, AbandonOnDrop) {
        let is_abandoned = Arc::new(AtomicBool::new(false));
        let waiting = AbandonOnDrop(Arc::clone(&is_abandoned));
        (Self { deadline: Instant::now() + timeout, is_abandoned }, waiting)
    }

    /// When the read must have ended.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the read must end.
    pub fn is_over(&self) -> bool {
        self.is_abandoned.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }
}
