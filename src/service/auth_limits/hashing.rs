//! Checks secrets and hashes new ones, off the web workers.

use std::sync::Arc;

use super::hash_queue::{HashingError, Trust};
use super::secret_kinds::{Attempt, KindLimits, SecretKind};
use crate::model::client_address::ClientAddress;
use crate::model::values::argon2id::HashError;
use crate::service::Service;
use crate::service::metrics::Refusal;

impl Service {
    /// Checks a secret by hashing it, off the web workers. A failure is counted before the queue
    /// moves on, and even if the client has disconnected in the meantime.
    ///
    /// # Errors
    /// Returns [`HashingError::TooManyFailures`] if too many attempts have failed, or another
    /// [`HashingError`] if the secret could not be hashed.
    pub(crate) async fn check_secret(
        self: &Arc<Self>,
        attempt: Attempt,
        is_valid: impl FnOnce() -> Result<bool, HashError> + Send + 'static,
    ) -> Result<bool, HashingError> {
        self.check_failure_limit(&attempt)?;
        let KindLimits { attempts, queue } = self.auth_limits.limits_for(attempt.kind);
        let trust = attempts.trust(attempt.address, self.store.clock().monotonic());
        let slot = queue.wait(attempt.address, trust).await;
        let slot = slot.inspect_err(|error| self.count_refusal(error))?;
        // Other attempts may have failed while this one was waiting.
        self.check_failure_limit(&attempt)?;
        let service = Arc::clone(self);
        let check = move || {
            let is_valid = is_valid()?;
            if is_valid {
                service
                    .auth_limits
                    .limits_for(attempt.kind)
                    .attempts
                    .record_success(attempt.address);
            } else {
                service.record_failure(&attempt);
            }
            Ok(is_valid)
        };
        slot.run(check).await
    }

    /// Hashes a new secret for a client that is already authenticated, off the web workers.
    ///
    /// # Errors
    /// Fails if the secret could not be hashed.
    pub(crate) async fn hash_secret<T: Send + 'static>(
        &self,
        from: ClientAddress,
        hash: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let queue = &self.auth_limits.limits_for(SecretKind::Key).queue;
        let slot = queue.wait(from.ip(), Trust::Verified).await;
        slot.inspect_err(|error| self.count_refusal(error))?.run(hash).await
    }

    /// Checks whether another attempt is allowed.
    ///
    /// # Errors
    /// Returns [`HashingError::TooManyFailures`] if it isn't.
    pub(crate) fn check_failure_limit(&self, attempt: &Attempt) -> Result<(), HashingError> {
        let Attempt { kind, address, key } = attempt;
        let now = self.store.clock().monotonic();
        let attempts = &self.auth_limits.limits_for(*kind).attempts;
        let allowed =
            attempts.check(*address, key.as_ref(), now).map_err(HashingError::TooManyFailures);
        allowed.inspect_err(|error| self.count_refusal(error))
    }

    fn count_refusal(&self, error: &HashingError) {
        match error {
            HashingError::TooManyFailures(_) => self.metrics.refusals.count(Refusal::WrongSecrets),
            HashingError::Busy => self.metrics.refusals.count(Refusal::HashQueueFull),
            HashingError::Stopping | HashingError::Hash(_) => {}
        }
    }

    /// Counts an attempt that failed without hashing.
    pub(crate) fn record_failure(&self, attempt: &Attempt) {
        let Attempt { kind, address, key } = attempt;
        let now = self.store.clock().monotonic();
        self.auth_limits.limits_for(*kind).attempts.record_failure(*address, key.as_ref(), now);
    }
}
