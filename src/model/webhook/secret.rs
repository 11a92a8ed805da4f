//! The secret that signs requests to an endpoint.

use std::fmt::{self, Debug, Formatter};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::Value;

use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// The prefix of a secret's text form.
pub const PREFIX: &str = "whsec_";

/// The allowed key sizes in bytes, as recommended by the Standard Webhooks specification.
const SIZES: std::ops::RangeInclusive<usize> = 24..=64;
/// The size of a generated key, the same as Svix's.
const GENERATED: usize = 24;

/// A signing secret. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

/// Why a secret that you supply can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("must be `whsec_` followed by base64")]
    NotBase64,
    #[error("must be 24 to 64 bytes long after decoding")]
    Length,
}

impl SigningSecret {
    /// Generates a random secret.
    ///
    /// # Errors
    /// If the operating system can't provide randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut key = vec![0; GENERATED];
        getrandom::fill(&mut key)?;
        Ok(Self(key))
    }

    /// Parses a secret as people paste it: with or without the `whsec_` prefix, with the `v1,` that
    /// some dashboards put before it, with or without padding.
    ///
    /// # Errors
    /// See [`SecretError`].
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        let text = text.strip_prefix("v1,").unwrap_or(text);
        let text = text.strip_prefix(PREFIX).unwrap_or(text).trim_end_matches('=');
        let key = STANDARD_NO_PAD.decode(text).map_err(|_| SecretError::NotBase64)?;
        if SIZES.contains(&key.len()) { Ok(Self(key)) } else { Err(SecretError::Length) }
    }

    /// A key that was parsed or generated before it was stored.
    pub fn from_stored(key: Vec<u8>) -> Self {
        Self(key)
    }

    /// The HMAC key.
    pub fn key(&self) -> &[u8] {
        &self.0
    }

    /// Returns the text form that receivers are configured with.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }
}

impl Debug for SigningSecret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// The pattern allows a few texts whose last character is not valid base64.
impl JsonSchema for SigningSecret {
    fn schema() -> Schema {
        schema::string().pattern(Some("^(v1,)?(whsec_)?[A-Za-z0-9+/]{32,86}=*$")).into()
    }
}

impl FieldValue for SigningSecret {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Self::parse(expect_str(value)?).map_err(|error| {
            let rule = match error {
                SecretError::NotBase64 => Rule::InvalidString,
                SecretError::Length => Rule::TooSmall,
            };
            Fault::new(rule, error.to_string()).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_parsed_in_every_form_that_people_paste() {
        let secret = SigningSecret::generate().unwrap();
        let text = secret.reveal();
        assert_eq!(text.len(), PREFIX.len() + 32);
        let bare = text.strip_prefix(PREFIX).unwrap();
        for pasted in [&text, bare, &format!("v1,{text}"), &format!(" {text}\n")] {
            assert_eq!(SigningSecret::parse(pasted), Ok(secret.clone()), "{pasted}");
        }
        let long = STANDARD.encode([7; 64]);
        assert_eq!(SigningSecret::parse(&long).unwrap().key(), [7; 64]);
        assert_eq!(SigningSecret::parse(long.trim_end_matches('=')).unwrap().key(), [7; 64]);
    }

    #[test]
    fn a_malformed_secret_or_one_of_the_wrong_length_is_refused() {
        assert_eq!(SigningSecret::parse("whsec_not base64"), Err(SecretError::NotBase64));
        assert_eq!(SigningSecret::parse(""), Err(SecretError::Length));
        for size in [23, 65] {
            let text = STANDARD.encode(vec![1; size]);
            assert_eq!(SigningSecret::parse(&text), Err(SecretError::Length), "{size}");
        }
    }

    #[test]
    fn debug_does_not_reveal_a_secret() {
        assert_eq!(format!("{:?}", SigningSecret(vec![1; 24])), "SigningSecret(…)");
    }
}
