//! Slow hashes of secrets: argon2id, with the same parameters for keys and for the password.
//! `key_hash` and `password` say what is hashed.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// OWASP's first choice for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Why a secret could not be made or checked.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The operating system has no randomness to give.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// Argon2 could not run, or the stored text is no hash.
    #[error("cannot hash: {0}")]
    Hash(String),
}

/// The PHC string of a secret, with a salt of its own.
pub(super) fn hash(secret: &str) -> Result<String, HashError> {
    let hashed = argon2()?.hash_password(secret.as_bytes());
    Ok(hashed.map_err(|error| HashError::Hash(error.to_string()))?.to_string())
}

/// Whether a hash is that of a secret.
pub(super) fn verify(secret: &str, hash: &str) -> Result<bool, HashError> {
    let hash = PasswordHash::new(hash).map_err(|error| HashError::Hash(error.to_string()))?;
    Ok(argon2()?.verify_password(secret.as_bytes(), &hash).is_ok())
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| HashError::Hash(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}
