//! What is kept of a key's secret: an argon2id hash, from which the secret cannot be had back.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::key::{KeySecret, NewKey, Prefix};

/// OWASP's first choice for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Why a key could not be issued or checked.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The operating system has no randomness to give.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// Argon2 could not run, or the stored text is no hash.
    #[error("cannot hash: {0}")]
    Hash(String),
}

/// A new key as it is kept: what it may do, and what proves it.
pub struct IssuedKey {
    /// What it is made of.
    pub new: NewKey,
    /// The part that is safe to show.
    pub prefix: Prefix,
    /// The PHC string of the whole key.
    pub hash: String,
}

impl IssuedKey {
    /// Makes a key. The secret is returned beside it and stands nowhere else. Takes tens of
    /// milliseconds.
    ///
    /// # Errors
    /// See [`HashError`].
    pub fn issue(new: NewKey) -> Result<(Self, KeySecret), HashError> {
        let secret = KeySecret::generate(new.mode)?;
        let hash = argon2()?
            .hash_password(secret.reveal().as_bytes())
            .map_err(|error| HashError::Hash(error.to_string()))?
            .to_string();
        Ok((Self { new, prefix: secret.prefix().clone(), hash }, secret))
    }
}

/// Whether a hash is that of a key. Takes tens of milliseconds and 19 MiB.
///
/// # Errors
/// When the stored text is no hash.
pub fn verify(secret: &KeySecret, hash: &str) -> Result<bool, HashError> {
    let hash = PasswordHash::new(hash).map_err(|error| HashError::Hash(error.to_string()))?;
    Ok(argon2()?.verify_password(secret.reveal().as_bytes(), &hash).is_ok())
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| HashError::Hash(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::{Mode, Scopes, Tier};
    use crate::model::text::Name;

    #[test]
    fn only_the_issued_secret_passes() {
        let new = || NewKey {
            name: Name::parse("CI").unwrap(),
            mode: Mode::Live,
            tier: Tier::Standard,
            scopes: Scopes::all(),
        };
        let (issued, secret) = IssuedKey::issue(new()).unwrap();
        let (_, other) = IssuedKey::issue(new()).unwrap();
        assert!(issued.hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(!issued.hash.contains(secret.reveal()));
        assert!(verify(&secret, &issued.hash).unwrap());
        assert!(!verify(&other, &issued.hash).unwrap());
        assert!(verify(&secret, "nothing").is_err());
    }
}
