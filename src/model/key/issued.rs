//! What is kept of a key's secret: an argon2id hash, from which the secret cannot be had back.

use super::api_key::NewKey;
use super::checksum::ChecksumSecret;
use super::secret::{KeySecret, Prefix};
use crate::model::values::argon2id::{self, HashError};

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
    pub fn issue(new: NewKey, signer: &ChecksumSecret) -> Result<(Self, KeySecret), HashError> {
        let secret = KeySecret::generate(new.mode, signer)?;
        let hash = argon2id::hash(secret.reveal())?;
        Ok((Self { new, prefix: secret.prefix().clone(), hash }, secret))
    }
}

/// Whether a hash is that of a key. Takes tens of milliseconds and 19 MiB.
///
/// # Errors
/// When the stored text is no hash.
pub fn verify(secret: &KeySecret, hash: &str) -> Result<bool, HashError> {
    argon2id::verify(secret.reveal(), hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::{Mode, Scopes, Tier};
    use crate::model::values::text::Name;

    #[test]
    fn only_the_issued_secret_passes() {
        let new = || NewKey {
            name: Name::parse("CI").unwrap(),
            mode: Mode::Live,
            tier: Tier::Standard,
            scopes: Scopes::all(),
            replaces: None,
        };
        let signer = ChecksumSecret::stored([7; 32]);
        let (issued, secret) = IssuedKey::issue(new(), &signer).unwrap();
        let (_, other) = IssuedKey::issue(new(), &signer).unwrap();
        assert!(issued.hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(!issued.hash.contains(secret.reveal()));
        assert!(verify(&secret, &issued.hash).unwrap());
        assert!(!verify(&other, &issued.hash).unwrap());
        assert!(verify(&secret, "nothing").is_err());
    }
}
