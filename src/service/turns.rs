//! Slow hashing takes turns: a few at a time, off the web workers. For whoever checks a secret
//! that a client sent, a key or the password.

use actix_web::web;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::hash::HashError;

/// Hashes that are computed at the same time; each takes 19 MiB and a core.
const RUNNING: usize = 2;
/// Requests that may wait for their turn.
const WAITING: usize = 64;

/// The turns of a process.
pub(crate) struct Turns {
    running: Semaphore,
    waiting: Semaphore,
}

/// A turn. It ends when it is dropped.
pub(crate) struct Turn<'t> {
    _place: SemaphorePermit<'t>,
    _running: SemaphorePermit<'t>,
}

/// Why nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TurnError {
    /// Too many are waiting.
    #[error("too many secrets are waiting to be checked")]
    Busy,
    /// The thread ended, as the server does.
    #[error("the server is stopping")]
    Stopping,
    /// The hash could not be computed.
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl Turns {
    /// Nobody waits yet.
    pub fn new() -> Self {
        Self { running: Semaphore::new(RUNNING), waiting: Semaphore::new(WAITING) }
    }

    /// Waits for a turn.
    pub async fn wait(&self) -> Result<Turn<'_>, TurnError> {
        let place = self.waiting.try_acquire().map_err(|_| TurnError::Busy)?;
        let running = self.running.acquire().await.map_err(|_| TurnError::Stopping)?;
        Ok(Turn { _place: place, _running: running })
    }
}

impl Turn<'_> {
    /// Uses the turn.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, TurnError> {
        Ok(web::block(work).await.map_err(|_| TurnError::Stopping)??)
    }
}
