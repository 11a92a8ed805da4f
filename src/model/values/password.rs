//! The admin's password: what it may be, and what is kept of it.

use std::fmt::{self, Debug, Formatter};

use serde_json::Value;

use super::argon2id::{self, HashError};
use crate::model::parse::fields::{Property, string};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, Described, Schema};

/// A password in clear, just as it was typed. It is neither printed nor logged by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The fewest characters, as OWASP asks for where nothing but a password is needed.
    pub const MIN: usize = 12;
    /// The most bytes: more than anybody types, and little to hash.
    pub const MAX: usize = 1024;

    /// Takes what a person typed. Spaces belong to it.
    ///
    /// # Errors
    /// [`Rule::TooSmall`] and [`Rule::TooBig`] for the length.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let refuse = |rule, says: String| Err(Fault::new(rule, says));
        if raw.len() > Self::MAX {
            return refuse(Rule::TooBig, format!("must be at most {} bytes", Self::MAX));
        }
        if raw.chars().count() < Self::MIN {
            return refuse(Rule::TooSmall, format!("must be at least {} characters", Self::MIN));
        }
        if raw.trim().is_empty() {
            return refuse(Rule::TooSmall, "must be more than spaces".to_owned());
        }
        Ok(Self(raw.to_owned()))
    }

    /// What may be kept. Takes tens of milliseconds and 19 MiB.
    ///
    /// # Errors
    /// See [`HashError`].
    pub fn hash(&self) -> Result<PasswordHash, HashError> {
        argon2id::hash(&self.0).map(PasswordHash)
    }
}

/// Lengths are counted in bytes and in characters, which no schema says; it is in none.
impl Described for Password {
    fn schema() -> Schema {
        schema::formatted("password").min_length(Some(Self::MIN)).into()
    }
}

impl Property for Password {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(string(value)?)?)
    }
}

impl Debug for Password {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The argon2id hash of a password, as a PHC string.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A value that the store reads back: it was made before it was written.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the hash of this password. Takes tens of milliseconds and 19 MiB.
    ///
    /// # Errors
    /// When the stored text is no hash.
    pub fn verify(&self, password: &Password) -> Result<bool, HashError> {
        argon2id::verify(&password.0, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_twelve_characters_that_are_not_all_spaces() {
        let refused = |raw: &str| Password::parse(raw).unwrap_err().rule;
        assert_eq!(refused("elevenchars"), Rule::TooSmall);
        assert_eq!(refused(&" \t".repeat(20)), Rule::TooSmall);
        assert_eq!(refused(&"x".repeat(1025)), Rule::TooBig);
        for right in ["twelve chars", "äöüäöüäöüäöü", &"x".repeat(1024)] {
            assert!(Password::parse(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn only_the_very_same_password_passes_and_none_is_shown() {
        let password = Password::parse(" correct horse ").unwrap();
        let hash = password.hash().unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hash.verify(&password).unwrap());
        assert!(!hash.verify(&Password::parse("correct horse").unwrap()).unwrap());
        assert!(PasswordHash::stored("nothing".to_owned()).verify(&password).is_err());
        assert!(!format!("{password:?}").contains("horse"));
    }
}
