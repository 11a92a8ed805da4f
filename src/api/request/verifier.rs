//! Verifies keys, and computes argon2 only once per key and process: afterwards a keyed digest that
//! never leaves memory tells the key from every other one with its prefix.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use blake2::Blake2sMac256;
use blake2::digest::common::KeyInit;
use blake2::digest::{CtOutput, Mac};

use crate::model::key::issued;
use crate::model::key::secret::{KeySecret, Prefix};
use crate::model::values::argon2id::HashError;

/// Keys whose digests are remembered. Only a key that was verified takes a place.
const REMEMBERED: usize = 10_000;
type Digest = CtOutput<Blake2sMac256>;

/// The verifier of a process.
pub(in crate::api) struct Verifier {
    /// Random and new in every process, so that the digests are of no use outside it.
    process_key: [u8; 32],
    known: Mutex<HashMap<Prefix, Verified>>,
}

/// A key that was right.
struct Verified {
    /// The stored hash that it was verified against.
    hash: String,
    digest: Digest,
}

/// What is known of a key without argon2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Recall {
    /// It was verified before.
    Right,
    /// Another key with the same prefix and hash was, so that this one is wrong.
    Wrong,
    /// No key with its prefix was verified yet.
    Nothing,
}

impl Verifier {
    /// A verifier that knows no key yet.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut process_key = [0; 32];
        getrandom::fill(&mut process_key)?;
        Ok(Self { process_key, known: Mutex::default() })
    }

    /// What is known of a key whose stored hash is `hash`. The comparison takes the same time for
    /// every wrong key.
    pub fn recall(&self, secret: &KeySecret, hash: &str) -> Recall {
        let digest = self.digest(secret);
        match self.known().get(secret.prefix()) {
            Some(verified) if verified.hash == hash => {
                if verified.digest == digest {
                    Recall::Right
                } else {
                    Recall::Wrong
                }
            }
            _ => Recall::Nothing,
        }
    }

    /// Whether a key is the one with this hash, which is remembered. Takes tens of milliseconds
    /// unless another request has brought the key in the meantime.
    ///
    /// # Errors
    /// When the stored text is no hash.
    pub fn verify(&self, secret: &KeySecret, hash: String) -> Result<bool, HashError> {
        match self.recall(secret, &hash) {
            Recall::Right => return Ok(true),
            Recall::Wrong => return Ok(false),
            Recall::Nothing => {}
        }
        let right = issued::verify(secret, &hash)?;
        if right {
            self.remember(secret, hash);
        }
        Ok(right)
    }

    fn remember(&self, secret: &KeySecret, hash: String) {
        let verified = Verified { hash, digest: self.digest(secret) };
        let mut known = self.known();
        if known.len() >= REMEMBERED
            && let Some(any) = known.keys().next().cloned()
        {
            known.remove(&any);
        }
        known.insert(secret.prefix().clone(), verified);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Prefix, Verified>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn digest(&self, secret: &KeySecret) -> Digest {
        let mut mac = Blake2sMac256::new(&self.process_key.into());
        mac.update(secret.reveal().as_bytes());
        mac.finalize()
    }
}
