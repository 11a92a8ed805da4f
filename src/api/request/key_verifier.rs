//! Verifies API keys.
//!
//! argon2 runs only once per key and process. Afterwards, a keyed digest of the key, which never
//! leaves memory, is compared instead.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use blake2::Blake2sMac256;
use blake2::digest::common::KeyInit;
use blake2::digest::{CtOutput, Mac};

use crate::model::key::issued;
use crate::model::key::secret::{KeySecret, Prefix};
use crate::model::values::argon2id::HashError;
use crate::service::bounded_map::make_room;

/// The maximum number of cached keys. Only verified keys are cached.
const MAX_CACHED: usize = 10_000;

type Digest = CtOutput<Blake2sMac256>;

pub(in crate::api) struct KeyVerifier {
    /// Random for each process, so that digests are useless outside of it.
    process_key: [u8; 32],
    cache: Mutex<HashMap<Prefix, CachedKey>>,
}

struct CachedKey {
    /// The stored hash that the key was verified against.
    hash: String,
    digest: Digest,
}

/// What the cache knows about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum CachedResult {
    /// The key was verified before.
    Match,
    /// A different key with the same prefix and hash was verified before, so this one is wrong.
    Mismatch,
    /// No key with this prefix and hash was verified yet.
    Miss,
}

impl KeyVerifier {
    /// # Errors
    /// Fails if the operating system can't provide random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut process_key = [0; 32];
        getrandom::fill(&mut process_key)?;
        Ok(Self { process_key, cache: Mutex::default() })
    }

    /// Checks a key against the cache; `hash` is its stored hash. The comparison takes the same
    /// time for every wrong key.
    pub fn check_cache(&self, secret: &KeySecret, hash: &str) -> CachedResult {
        let digest = self.digest(secret);
        match self.cache().get(secret.prefix()) {
            Some(verified) if verified.hash == hash => {
                if verified.digest == digest {
                    CachedResult::Match
                } else {
                    CachedResult::Mismatch
                }
            }
            _ => CachedResult::Miss,
        }
    }

    /// Verifies a key against its stored hash and caches it if it is valid. Takes tens of
    /// milliseconds, unless another request cached the key in the meantime.
    ///
    /// # Errors
    /// Fails if the stored text is not a hash.
    pub fn verify(&self, secret: &KeySecret, hash: String) -> Result<bool, HashError> {
        match self.check_cache(secret, &hash) {
            CachedResult::Match => return Ok(true),
            CachedResult::Mismatch => return Ok(false),
            CachedResult::Miss => {}
        }
        let is_valid = issued::verify(secret, &hash)?;
        if is_valid {
            self.insert(secret, hash);
        }
        Ok(is_valid)
    }

    /// Caches a key that was verified or hashed by this process.
    pub fn insert(&self, secret: &KeySecret, hash: String) {
        let verified = CachedKey { hash, digest: self.digest(secret) };
        let mut cache = self.cache();
        make_room(&mut cache, MAX_CACHED);
        cache.insert(secret.prefix().clone(), verified);
    }

    fn cache(&self) -> MutexGuard<'_, HashMap<Prefix, CachedKey>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn digest(&self, secret: &KeySecret) -> Digest {
        let mut mac = Blake2sMac256::new(&self.process_key.into());
        mac.update(secret.reveal().as_bytes());
        mac.finalize()
    }
}
