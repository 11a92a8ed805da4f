//! Checks secrets that clients send, and hashes new ones, off the web workers.

use std::net::IpAddr;
use std::sync::Arc;

use super::Service;
use super::secrets::{Attempt, Gate, Kind};
use super::turns::{Standing, TurnError};
use crate::model::values::argon2id::HashError;

impl Service {
    /// Checks a secret by hashing it, off the web workers. A failure is counted before the next in
    /// the queue has its turn, and also when the client has gone in the meantime.
    ///
    /// # Errors
    /// [`TurnError::TooMany`] when too many attempts have failed, and those of the queue.
    pub(crate) async fn check_secret(
        self: &Arc<Self>,
        attempt: Attempt,
        is_right: impl FnOnce() -> Result<bool, HashError> + Send + 'static,
    ) -> Result<bool, TurnError> {
        self.may_try(&attempt)?;
        let Gate { attempts, turns } = self.secrets.gate(attempt.kind);
        let standing = attempts.standing(attempt.address, self.store.clock().monotonic());
        let turn = turns.wait(attempt.address, standing).await?;
        // Others may have failed during the wait.
        self.may_try(&attempt)?;
        let service = Arc::clone(self);
        let check = move || {
            let right = is_right()?;
            if right {
                service.secrets.gate(attempt.kind).attempts.succeeded(attempt.address);
            } else {
                service.failed(&attempt);
            }
            Ok(right)
        };
        turn.run(check).await
    }

    /// Hashes a new secret for a client that has already proved itself, off the web workers.
    ///
    /// # Errors
    /// Those of the queue.
    pub(crate) async fn hash_secret<T: Send + 'static>(
        &self,
        address: IpAddr,
        hash: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, TurnError> {
        self.secrets.gate(Kind::Key).turns.wait(address, Standing::Proven).await?.run(hash).await
    }

    /// Whether another attempt is allowed.
    ///
    /// # Errors
    /// [`TurnError::TooMany`].
    pub(crate) fn may_try(&self, attempt: &Attempt) -> Result<(), TurnError> {
        let Attempt { kind, address, key } = attempt;
        let now = self.store.clock().monotonic();
        let attempts = &self.secrets.gate(*kind).attempts;
        attempts.may_try(*address, key.as_ref(), now).map_err(TurnError::TooMany)
    }

    /// Counts an attempt that failed without hashing.
    pub(crate) fn failed(&self, attempt: &Attempt) {
        let Attempt { kind, address, key } = attempt;
        let now = self.store.clock().monotonic();
        self.secrets.gate(*kind).attempts.failed(*address, key.as_ref(), now);
    }
}
