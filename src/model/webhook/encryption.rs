//! Encrypts signing secrets for storage, with the keys from `webhooks.encryption_key`.

use std::fmt::{self, Debug, Formatter};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use blake2::digest::consts::U8;
use blake2::{Blake2b, Digest};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use super::id::EndpointId;
use super::secret::SigningSecret;
use crate::model::hex::hex;

const KEY: usize = 32;
/// XChaCha20's nonces are long enough to be chosen at random for every message.
const NONCE: usize = 24;

/// A 32-byte key. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionKey([u8; KEY]);

impl EncryptionKey {
    /// Parses base64, with or without padding.
    pub fn parse(text: &str) -> Option<Self> {
        let key = STANDARD_NO_PAD.decode(text.trim().trim_end_matches('=')).ok()?;
        key.try_into().ok().map(Self)
    }

    /// Identifies a key without revealing it: 8 bytes of a hash, as 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let hash = Blake2b::<U8>::new_with_prefix(b"pivotal-server webhooks.encryption_key ");
        hex(&hash.chain_update(self.0).finalize())
    }

    /// Returns the key as it is written in the settings.
    pub fn reveal(&self) -> String {
        STANDARD.encode(self.0)
    }
}

impl Debug for EncryptionKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey(…)")
    }
}

/// The keys that a server knows. The first one encrypts; the others only decrypt secrets that were
/// encrypted before a key rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyring(pub Vec<EncryptionKey>);

/// A secret as stored in the database.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// The key itself, or a nonce and the ciphertext.
    pub bytes: Vec<u8>,
    /// The fingerprint of the key it is encrypted with; `None` if it isn't encrypted.
    pub encrypted_with: Option<String>,
}

impl Debug for StoredSecret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSecret").field("encrypted_with", &self.encrypted_with).finish()
    }
}

/// Why a secret can't be encrypted or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    #[error(
        "the signing secret is encrypted with the key {0}, which `webhooks.encryption_key` doesn't \
         contain"
    )]
    MissingKey(String),
    #[error("the encrypted signing secret is damaged")]
    Damaged,
    #[error("the operating system provides no randomness: {0}")]
    NoRandomness(String),
}

impl Keyring {
    /// The fingerprint of the key that new secrets are encrypted with.
    pub fn current(&self) -> Option<String> {
        self.0.first().map(EncryptionKey::fingerprint)
    }

    /// Encrypts an endpoint's secret, or leaves it unencrypted if there is no key.
    ///
    /// # Errors
    /// [`EncryptionError::NoRandomness`].
    pub fn seal(
        &self,
        endpoint: &EndpointId,
        secret: &SigningSecret,
    ) -> Result<StoredSecret, EncryptionError> {
        let Some(key) = self.0.first() else {
            return Ok(StoredSecret { bytes: secret.key().to_vec(), encrypted_with: None });
        };
        let mut bytes = vec![0; NONCE];
        getrandom::fill(&mut bytes)
            .map_err(|error| EncryptionError::NoRandomness(error.to_string()))?;
        let payload = Payload { msg: secret.key(), aad: endpoint.as_str().as_bytes() };
        let ciphertext =
            cipher(key).encrypt(&nonce(&bytes)?, payload).map_err(|_| EncryptionError::Damaged)?;
        bytes.extend(ciphertext);
        Ok(StoredSecret { bytes, encrypted_with: Some(key.fingerprint()) })
    }

    /// Decrypts an endpoint's secret.
    ///
    /// # Errors
    /// [`EncryptionError::MissingKey`] and [`EncryptionError::Damaged`].
    pub fn open(
        &self,
        endpoint: &EndpointId,
        stored: &StoredSecret,
    ) -> Result<SigningSecret, EncryptionError> {
        let Some(fingerprint) = &stored.encrypted_with else {
            return Ok(SigningSecret::from_stored(stored.bytes.clone()));
        };
        let key = self.0.iter().find(|key| key.fingerprint() == *fingerprint);
        let key = key.ok_or_else(|| EncryptionError::MissingKey(fingerprint.clone()))?;
        let (nonce_bytes, msg) =
            stored.bytes.split_at_checked(NONCE).ok_or(EncryptionError::Damaged)?;
        let payload = Payload { msg, aad: endpoint.as_str().as_bytes() };
        let opened = cipher(key).decrypt(&nonce(nonce_bytes)?, payload);
        opened.map(SigningSecret::from_stored).map_err(|_| EncryptionError::Damaged)
    }
}

fn cipher(key: &EncryptionKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&key.0.into())
}

fn nonce(bytes: &[u8]) -> Result<XNonce, EncryptionError> {
    let bytes: [u8; NONCE] = bytes.try_into().map_err(|_| EncryptionError::Damaged)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> EncryptionKey {
        EncryptionKey::parse(&STANDARD.encode([byte; KEY])).unwrap()
    }

    #[test]
    fn a_key_is_32_bytes_of_base64() {
        assert_eq!(EncryptionKey::parse(&key(7).reveal()), Some(key(7)));
        assert_eq!(EncryptionKey::parse(key(7).reveal().trim_end_matches('=')), Some(key(7)));
        for text in ["", "AAAA", "not base64 at all, though it is quite long"] {
            assert_eq!(EncryptionKey::parse(text), None, "{text}");
        }
        assert_eq!(format!("{:?}", key(7)), "EncryptionKey(…)");
    }

    #[test]
    fn an_encrypted_secret_can_only_be_read_with_its_key_and_for_its_endpoint() {
        let (secret, endpoint) = (SigningSecret::generate().unwrap(), EndpointId::generate());
        let old = Keyring(vec![key(1)]);
        let stored = old.seal(&endpoint, &secret).unwrap();
        assert!(!stored.bytes.windows(8).any(|part| part == &secret.key()[..8]));
        assert_eq!(old.open(&endpoint, &stored), Ok(secret.clone()));
        let rotated = Keyring(vec![key(2), key(1)]);
        assert_eq!(rotated.open(&endpoint, &stored), Ok(secret.clone()));
        let other = Keyring(vec![key(2)]).open(&endpoint, &stored);
        assert_eq!(other, Err(EncryptionError::MissingKey(key(1).fingerprint())));
        let moved = old.open(&EndpointId::generate(), &stored);
        assert_eq!(moved, Err(EncryptionError::Damaged));
        let cut = StoredSecret { bytes: stored.bytes[..20].to_vec(), ..stored.clone() };
        assert_eq!(old.open(&endpoint, &cut), Err(EncryptionError::Damaged));
        assert_ne!(old.seal(&endpoint, &secret).unwrap().bytes, stored.bytes);
    }

    #[test]
    fn without_a_key_a_secret_is_stored_unencrypted() {
        let (secret, endpoint) = (SigningSecret::generate().unwrap(), EndpointId::generate());
        let stored = Keyring::default().seal(&endpoint, &secret).unwrap();
        assert_eq!(stored.encrypted_with, None);
        assert_eq!(Keyring(vec![key(1)]).open(&endpoint, &stored), Ok(secret));
    }
}
