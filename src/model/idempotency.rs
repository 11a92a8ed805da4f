//! Retry-safe requests: what tells one from another, and the answer that is kept for it.

use blake2::{Blake2s256, Digest};

/// What makes a request the retry of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Retry {
    /// The method and the path, such as `POST /api/v1/customers`.
    pub endpoint: String,
    /// The client's key: 1 to 255 bytes that mean nothing to the server.
    pub key: Vec<u8>,
    /// A digest of the body, byte for byte.
    pub body: [u8; 32],
}

impl Retry {
    /// The longest key, in bytes.
    pub const MAX_KEY: usize = 255;

    /// Takes a request's key; nothing when it is empty or too long.
    pub fn new(endpoint: String, key: &[u8], body: &[u8]) -> Option<Self> {
        (1..=Self::MAX_KEY).contains(&key.len()).then(|| Self {
            endpoint,
            key: key.to_owned(),
            body: Blake2s256::digest(body).into(),
        })
    }
}

/// An answer as it was given, so that it can be given again byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// The whole body.
    pub body: Vec<u8>,
}
