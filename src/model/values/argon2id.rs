//! Slow hashes of secrets, with Argon2id. `key::issued` uses them for API keys and `password` for
//! the admin's password, with the same parameters.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// OWASP's first recommendation for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes,
/// one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Salt length in bytes, as recommended by RFC 9106, section 3.1.
const SALT: usize = 16;
const OUTPUT: usize = Params::DEFAULT_OUTPUT_LEN;

/// Memory blocks of finished hashes, for reuse. The allocator would keep a free block for every
/// thread that has ever computed a hash. With the pool, there are only as many blocks as hashes
/// that ran at the same time.
static POOL: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// Hashing or verifying a secret failed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The operating system can't provide random bytes.
    #[error("cannot get random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// Argon2 failed, or the stored text is not a valid hash.
    #[error("cannot hash: {0}")]
    Hash(String),
}

impl HashError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self::Hash(error.to_string())
    }
}

/// Returns the PHC string of a secret, with a new salt.
pub(in crate::model) fn hash(secret: &str) -> Result<String, HashError> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt)?;
    let salt = Salt::new(&salt).map_err(HashError::new)?;
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT)).map_err(HashError::new)?;
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let hash = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(&params).map_err(HashError::new)?,
        salt: Some(salt),
        hash: Some(output(secret, &salt, &Argon2::new(algorithm, version, params))?),
    };
    Ok(hash.to_string())
}

/// Returns whether a PHC string is the hash of a secret.
pub(in crate::model) fn verify(secret: &str, hash: &str) -> Result<bool, HashError> {
    let hash = PasswordHash::new(hash).map_err(HashError::new)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Err(HashError::new("the hash is incomplete"));
    };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(HashError::new)?;
    let version = hash.version.map(Version::try_from).transpose().map_err(HashError::new)?;
    let params = Params::try_from(&hash).map_err(HashError::new)?;
    let argon2 = Argon2::new(algorithm, version.unwrap_or_default(), params);
    // `Output` compares in constant time.
    Ok(output(secret, salt, &argon2)? == *expected)
}

fn output(secret: &str, salt: &Salt, argon2: &Argon2<'_>) -> Result<Output, HashError> {
    let mut bytes = [0; Output::MAX_LENGTH];
    let length = argon2.params().output_len().unwrap_or(OUTPUT);
    let bytes = bytes.get_mut(..length).ok_or_else(|| HashError::new("the hash is too long"))?;
    let mut memory = lock_pool().pop().unwrap_or_default();
    memory.resize(argon2.params().block_count(), Block::default());
    let hashed = argon2.hash_password_into_with_memory(secret.as_bytes(), salt, bytes, &mut memory);
    lock_pool().push(memory);
    hashed.map_err(HashError::new)?;
    Output::new(bytes).map_err(HashError::new)
}

fn lock_pool() -> MutexGuard<'static, Vec<Vec<Block>>> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn a_hash_verifies_only_its_own_secret_and_is_portable() {
        let hashed = hash("secret").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert_ne!(hashed, hash("secret").unwrap());
        // The second pass reuses memory from the pool.
        for _ in 0..2 {
            assert!(verify("secret", &hashed).unwrap());
            assert!(!verify("Secret", &hashed).unwrap());
        }
        Argon2::default().verify_password(b"secret", hashed.as_str()).unwrap();
    }

    #[test]
    fn the_parameters_come_from_the_hash() {
        let params = Params::new(64, 3, 2, Some(24)).unwrap();
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x10, params);
        let hashed = PasswordHasher::hash_password(&other, b"secret").unwrap().to_string();
        assert!(verify("secret", &hashed).unwrap());
        assert!(!verify("other", &hashed).unwrap());
    }

    #[test]
    fn text_that_is_not_a_hash_is_an_error() {
        for text in [
            "",
            "secret",
            "$argon2id$v=19$m=19456,t=2,p=1",
            "$scrypt$ln=1,r=1,p=1$c2FsdHNhbHQ$aGFzaA",
        ] {
            assert!(verify("secret", text).is_err(), "{text}");
        }
    }
}
