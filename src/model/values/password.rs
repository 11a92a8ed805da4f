//! The admin's password: its requirements and its hash.

use std::fmt::{self, Debug, Formatter};

use serde_json::Value;

use super::argon2id::{self, HashError};
use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// A plaintext password, exactly as typed. `Debug` doesn't reveal it, so it isn't logged by
/// accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The minimum length in characters that OWASP recommends if there is no second factor.
    pub const MIN: usize = 12;
    /// The maximum length in bytes: longer than any real password, and still cheap to hash.
    pub const MAX: usize = 1024;

    /// Validates a password. Leading and trailing spaces are part of it.
    ///
    /// # Errors
    /// [`Rule::TooSmall`] or [`Rule::TooBig`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let reject = |rule, requirement: String| Err(Fault::new(rule, requirement));
        if raw.len() > Self::MAX {
            return reject(Rule::TooBig, format!("must be at most {} bytes long", Self::MAX));
        }
        if raw.chars().count() < Self::MIN {
            return reject(
                Rule::TooSmall,
                format!("must be at least {} characters long", Self::MIN),
            );
        }
        if raw.trim().is_empty() {
            return reject(Rule::TooSmall, "must not consist only of spaces".to_owned());
        }
        Ok(Self(raw.to_owned()))
    }

    /// Hashes the password for storage. Takes tens of milliseconds and 19 MiB.
    ///
    /// # Errors
    /// See [`HashError`].
    pub fn hash(&self) -> Result<PasswordHash, HashError> {
        argon2id::hash(&self.0).map(PasswordHash)
    }
}

/// Not part of the OpenAPI document. A schema can't express the maximum length, which is in bytes.
impl JsonSchema for Password {
    fn schema() -> Schema {
        schema::string_with_format("password").min_length(Some(Self::MIN)).into()
    }
}

impl FieldValue for Password {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(expect_str(value)?)?)
    }
}

impl Debug for Password {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The Argon2id hash of a password, as a PHC string.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is the hash of `password`. Takes tens of milliseconds and 19 MiB.
    ///
    /// # Errors
    /// If the stored text is not a valid hash.
    pub fn verify(&self, password: &Password) -> Result<bool, HashError> {
        argon2id::verify(&password.0, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_needs_twelve_characters_that_are_not_all_spaces() {
        let rule = |raw: &str| Password::parse(raw).unwrap_err().rule;
        assert_eq!(rule("elevenchars"), Rule::TooSmall);
        assert_eq!(rule(&" \t".repeat(20)), Rule::TooSmall);
        assert_eq!(rule(&"x".repeat(1025)), Rule::TooBig);
        for right in ["twelve chars", "äöüäöüäöüäöü", &"x".repeat(1024)] {
            assert!(Password::parse(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn only_the_exact_password_verifies_and_debug_hides_it() {
        let password = Password::parse(" correct horse ").unwrap();
        let hash = password.hash().unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hash.verify(&password).unwrap());
        assert!(!hash.verify(&Password::parse("correct horse").unwrap()).unwrap());
        assert!(PasswordHash::from_stored("nothing".to_owned()).verify(&password).is_err());
        assert!(!format!("{password:?}").contains("horse"));
    }
}
