//! Checking the secrets that clients send: how many attempts may fail, and who waits for whom. Each
//! kind of secret has a queue of its own, so that guessing at one does not hold up the others.

use std::net::IpAddr;
use std::sync::Arc;

use super::Service;
use super::attempts::Attempts;
use super::turns::{Standing, TurnError, Turns};
use crate::model::key::checksum::Checksum;
use crate::model::key::secret::{KeySecret, Prefix};
use crate::model::values::argon2id::HashError;

/// Failed attempts a minute at the admin's password and the setup code, from one client.
const PASSWORDS: u32 = 10;
/// At keys. More, since clients behind one address can each have a wrong key.
const KEYS: u32 = 60;

/// An attempt at a secret.
#[derive(Clone)]
pub(crate) struct Attempt {
    kind: Kind,
    address: IpAddr,
    key: Option<Prefix>,
}

#[derive(Clone, Copy)]
enum Kind {
    /// The admin's password, or the setup code.
    Password,
    /// A key that the server has issued itself, which nobody can forge.
    Key,
    /// A key with a CRC-32, which can be forged by anybody who knows its prefix.
    OldKey,
}

impl Attempt {
    /// At the admin's password or the setup code.
    pub fn at_password(address: IpAddr) -> Self {
        Self { kind: Kind::Password, address, key: None }
    }

    /// At a key.
    pub fn at_key(secret: &KeySecret, address: IpAddr) -> Self {
        let kind = match secret.checksum() {
            Checksum::Keyed => Kind::Key,
            Checksum::Crc32 => Kind::OldKey,
        };
        Self { kind, address, key: Some(secret.prefix().clone()) }
    }
}

/// The failed attempts and the queues of a process.
pub(super) struct Secrets {
    passwords: Gate,
    keys: Gate,
    old_keys: Gate,
}

struct Gate {
    attempts: Attempts,
    turns: Turns,
}

impl Secrets {
    /// Nothing was tried yet.
    pub fn new() -> Self {
        let gate = |per_client, running, places| Gate {
            attempts: Attempts::new(per_client),
            turns: Turns::new(running, places),
        };
        Self {
            passwords: gate(PASSWORDS, 1, 64),
            // After a restart all clients come at once.
            keys: gate(KEYS, 2, 256),
            old_keys: gate(KEYS, 1, 64),
        }
    }

    fn gate(&self, kind: Kind) -> &Gate {
        match kind {
            Kind::Password => &self.passwords,
            Kind::Key => &self.keys,
            Kind::OldKey => &self.old_keys,
        }
    }
}

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
        self.secrets.keys.turns.wait(address, Standing::Proven).await?.run(hash).await
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
