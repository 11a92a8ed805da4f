//! The API key for the other server.

use std::fmt::{self, Debug, Formatter};

use reqwest::header::HeaderValue;

/// A key as it is sent. Never printed: it can have any format.
#[derive(Clone)]
pub struct RemoteKey(HeaderValue);

impl RemoteKey {
    /// Ignores whitespace around the key. Returns `None` for text that no key can be: empty, or with
    /// spaces, line breaks, or characters other than ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let mut value = HeaderValue::try_from(format!("Bearer {text}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    /// Returns the value of the `Authorization` header.
    pub(super) fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl Debug for RemoteKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_no_spaces_and_is_never_printed() {
        let key = RemoteKey::parse(" pivotal_abc\r\n").unwrap();
        assert_eq!(key.authorization(), "Bearer pivotal_abc");
        assert!(!format!("{key:?} {:?}", key.authorization()).contains("abc"));
        for text in ["", " \n", "two words", "pivotal_a\nb", "schlüssel"] {
            assert!(RemoteKey::parse(text).is_none(), "{text:?}");
        }
    }
}
