//! The token that protects the routes under `/_test`.

use blake2::Blake2sMac256;
use blake2::digest::common::KeyInit;
use blake2::digest::{CtOutput, Mac, Output};

/// Separates these digests from all others. It doesn't have to be secret.
const KEY: &[u8; 32] = b"pivotal-server test_control.toke";

/// A token. Only its digest is kept, so nothing can print the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlToken([u8; 32]);

impl ControlToken {
    /// What a token must be; completes the sentence "must be …". These are the characters of a
    /// bearer token (RFC 6750, 2.1).
    pub const ALLOWED: &str = "8 to 256 letters, digits, and characters of -._~+/=";

    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        let is_token = (8..=256).contains(&text.len()) && text.bytes().all(is_allowed);
        is_token.then(|| Self(mac(text).into_bytes().into()))
    }

    /// Compares in constant time.
    pub fn matches(&self, sent: &str) -> bool {
        CtOutput::<Blake2sMac256>::new(Output::<Blake2sMac256>::from(self.0)) == mac(sent)
    }
}

fn mac(text: &str) -> CtOutput<Blake2sMac256> {
    let mut mac = Blake2sMac256::new(KEY.into());
    mac.update(text.as_bytes());
    mac.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_token_matches_and_it_is_never_printed() {
        let token = ControlToken::parse("s3cret-token").unwrap();
        assert!(token.matches("s3cret-token"));
        for other in ["s3cret-toke", "s3cret-tokem", "S3cret-token", ""] {
            assert!(!token.matches(other), "{other}");
        }
        assert!(!format!("{token:?}").contains("s3cret"));
    }

    #[test]
    fn short_long_and_unprintable_tokens_are_refused() {
        for bad in ["", "1234567", "with a space", "(hidden)", "ümlaut-token", &"x".repeat(257)] {
            assert!(ControlToken::parse(bad).is_none(), "{bad}");
        }
        assert!(ControlToken::parse(&"x".repeat(256)).is_some());
    }
}
