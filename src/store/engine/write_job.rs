//! Changes that wait to be written, for the writers of both engines.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::store::Tx;
use crate::store::error::StoreError;

/// How many jobs can wait. Beyond that, a change fails immediately.
pub(in crate::store) const QUEUE_CAPACITY: usize = 1024;
/// How long a change waits while another process writes. Real time, because it depends on that
/// process.
pub(in crate::store) const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// The outcome of a job that has run: whether its changes must be rolled back, and the function
/// that responds to its caller once the transaction has been committed or rolled back.
pub(in crate::store) struct Outcome {
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "SQLite's writer never asks"))]
    has_failed: bool,
    respond: Box<dyn FnOnce(Result<(), StoreError>)>,
}

impl Outcome {
    #[cfg(feature = "postgres")]
    pub fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Responds with the result of the job, or with the reason why it was not stored.
    pub fn respond(self, stored: Result<(), StoreError>) {
        (self.respond)(stored);
    }
}

type Run = dyn FnOnce(Result<&Tx<'_>, StoreError>) -> (Outcome, Option<StoreError>) + Send;

/// A change to run in a transaction.
pub(in crate::store) struct Job(Box<Run>);

impl Job {
    /// The receiver gets the result once it is stored, or is closed if the change panicked.
    pub fn new<T: Send + 'static>(
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, receiver) = oneshot::channel();
        let job = Self(Box::new(move |tx| {
            let result = tx.and_then(change);
            let error = result.as_ref().err().cloned();
            let respond = Box::new(move |stored: Result<(), StoreError>| {
                // The caller may no longer be waiting.
                let _ = reply.send(stored.and(result));
            });
            (Outcome { has_failed: error.is_some(), respond }, error)
        }));
        (job, receiver)
    }

    /// Runs the change, and adds its outcome unless it panicked.
    ///
    /// # Errors
    /// The error of the change, whose changes must be rolled back.
    pub fn run(self, tx: &Tx<'_>, outcomes: &mut Vec<Outcome>) -> Result<(), StoreError> {
        let run = || (self.0)(Ok(tx));
        let Ok((outcome, error)) = catch_unwind(AssertUnwindSafe(run)) else {
            return Err(panicked());
        };
        outcomes.push(outcome);
        error.map_or(Ok(()), Err)
    }

    /// Responds with an error, without running the change.
    pub fn fail(self, error: StoreError) {
        let (outcome, _) = (self.0)(Err(error));
        outcome.respond(Ok(()));
    }
}

/// The error of a change that panicked.
pub(in crate::store) fn panicked() -> StoreError {
    StoreError::Internal("a change panicked and was rolled back".to_owned())
}
