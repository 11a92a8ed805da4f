//! Content hashes, which caches use to recognize a new version of a file.

use std::fmt::Write as _;

use blake2::{Blake2s256, Digest};

pub fn hex_digest(content: &str) -> String {
    Blake2s256::digest(content).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
