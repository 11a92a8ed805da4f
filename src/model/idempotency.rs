//! Idempotent requests: how a retry is recognized, and the saved response that it gets.

use blake2::{Blake2s256, Digest};

/// Identifies a request with an idempotency key. A retry has the same endpoint, key, and body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotentRequest {
    /// Method and path, such as `POST /api/v1/customers`.
    pub endpoint: String,
    /// The client's key: 1 to 255 opaque bytes.
    pub key: Vec<u8>,
    /// BLAKE2s-256 of the raw body: two bodies are the same only if their bytes are.
    pub body_digest: [u8; 32],
}

impl IdempotentRequest {
    pub const MAX_KEY_BYTES: usize = 255;

    /// Returns `None` if the key is empty or too long.
    pub fn new(endpoint: String, key: &[u8], body: &[u8]) -> Option<Self> {
        (1..=Self::MAX_KEY_BYTES).contains(&key.len()).then(|| Self {
            endpoint,
            key: key.to_owned(),
            body_digest: Blake2s256::digest(body).into(),
        })
    }
}

/// A response to replay byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedResponse {
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    pub body: Vec<u8>,
}
