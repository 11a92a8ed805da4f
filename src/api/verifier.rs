//! Tells whether a key that was sent is the one that was issued, and pays argon2's price once a
//! process for each key: afterwards a key is recognised by a keyed digest that never leaves
//! memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use blake2::Blake2sMac256;
use blake2::digest::common::KeyInit;
use blake2::digest::{CtOutput, Mac};

use super::error::ApiError;
use crate::model::key_hash;
use crate::model::key_secret::{KeySecret, Prefix};
use crate::service::turns::Turns;

/// Keys whose digests are remembered. Only a key that was verified takes a place.
const REMEMBERED: usize = 10_000;
type Digest = CtOutput<Blake2sMac256>;

/// The verifier of a process.
pub(super) struct Verifier {
    /// Random and new in every process, so that the digests are of no use outside it.
    process_key: [u8; 32],
    known: Mutex<HashMap<Prefix, Digest>>,
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

    /// Whether the key was verified before. The comparison takes the same time for every wrong
    /// key.
    pub fn knows(&self, secret: &KeySecret) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(secret.prefix()).is_some_and(|digest| *digest == self.digest(secret))
    }

    /// Verifies a key with argon2, off the web workers, and remembers it when it is right.
    /// `may_start` is asked again when it is this key's turn.
    pub async fn verify(
        &self,
        turns: &Turns,
        secret: KeySecret,
        hash: String,
        may_start: impl Fn() -> Result<(), ApiError>,
    ) -> Result<bool, ApiError> {
        let turn = turns.wait().await?;
        may_start()?;
        // While this request waited, another one may have brought the same key.
        if self.knows(&secret) {
            return Ok(true);
        }
        let digest = self.digest(&secret);
        let prefix = secret.prefix().clone();
        let right = turn.run(move || key_hash::verify(&secret, &hash)).await?;
        if right {
            self.remember(prefix, digest);
        }
        Ok(right)
    }

    fn remember(&self, prefix: Prefix, digest: Digest) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED
            && let Some(any) = known.keys().next().cloned()
        {
            known.remove(&any);
        }
        known.insert(prefix, digest);
    }

    fn digest(&self, secret: &KeySecret) -> Digest {
        let mut mac = Blake2sMac256::new(&self.process_key.into());
        mac.update(secret.reveal().as_bytes());
        mac.finalize()
    }
}
