//! Issuing keys and verifying them. Only an Argon2id hash of a key is stored, so the secret can't
//! be recovered.

use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;

use super::api_key::NewKey;
use super::checksum::ChecksumSecret;
use super::secret::{KeySecret, Prefix};
use crate::model::values::argon2id::{self, HashError};

/// A new key, ready to be stored.
pub struct IssuedKey {
    pub new: NewKey,
    pub prefix: Prefix,
    /// The PHC string of the whole key's hash.
    pub hash: String,
}

impl IssuedKey {
    /// Issues a key. Returns its secret separately, which is not stored anywhere. Takes tens of
    /// milliseconds.
    ///
    /// # Errors
    /// See [`HashError`].
    pub fn issue(new: NewKey, signer: &ChecksumSecret) -> Result<(Self, KeySecret), HashError> {
        let secret = KeySecret::generate(new.mode, signer)?;
        Ok((Self::from_secret(new, &secret)?, secret))
    }

    /// Prepares a key that exists already for storing. `new` has the mode of the secret. Takes tens
    /// of milliseconds.
    ///
    /// # Errors
    /// See [`HashError`].
    pub fn from_secret(new: NewKey, secret: &KeySecret) -> Result<Self, HashError> {
        let hash = argon2id::hash(secret.reveal())?;
        Ok(Self { new, prefix: secret.prefix().clone(), hash })
    }

    /// Issues several keys; see [`IssuedKey::hash_all`].
    ///
    /// # Errors
    /// See [`HashError`].
    pub fn issue_all(
        keys: Vec<NewKey>,
        signer: &ChecksumSecret,
    ) -> Result<Vec<(Self, KeySecret)>, HashError> {
        let generate = |new: NewKey| Ok((KeySecret::generate(new.mode, signer)?, new));
        let keys: Result<Vec<_>, HashError> = keys.into_iter().map(generate).collect();
        Self::hash_all(keys?)
    }

    /// Prepares several keys for storing at the same time, each on a thread of its own.
    ///
    /// # Errors
    /// See [`HashError`].
    pub fn hash_all(keys: Vec<(KeySecret, NewKey)>) -> Result<Vec<(Self, KeySecret)>, HashError> {
        std::thread::scope(|scope| {
            let hash =
                |(secret, new)| scope.spawn(move || Ok((Self::from_secret(new, &secret)?, secret)));
            let threads: Vec<_> = keys.into_iter().map(hash).collect();
            let join = |thread: ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| resume_unwind(panic))
            };
            threads.into_iter().map(join).collect()
        })
    }
}

/// Returns whether `hash` is the hash of a key. Takes tens of milliseconds and 19 MiB.
///
/// # Errors
/// If the stored text is not a valid hash.
pub fn verify(secret: &KeySecret, hash: &str) -> Result<bool, HashError> {
    argon2id::verify(secret.reveal(), hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::{Mode, Scopes, Tier};
    use crate::model::values::text::Name;

    #[test]
    fn only_the_issued_secret_verifies() {
        let new = || NewKey {
            name: Name::parse("CI").unwrap(),
            mode: Mode::Live,
            tier: Tier::Standard,
            scopes: Scopes::all(),
            expires_at: None,
            replaces: None,
        };
        let signer = ChecksumSecret::from_stored([7; 32]);
        let (issued, secret) = IssuedKey::issue(new(), &signer).unwrap();
        let (_, other) = IssuedKey::issue(new(), &signer).unwrap();
        assert!(issued.hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(!issued.hash.contains(secret.reveal()));
        assert!(verify(&secret, &issued.hash).unwrap());
        assert!(!verify(&other, &issued.hash).unwrap());
        assert!(verify(&secret, "nothing").is_err());
    }
}
