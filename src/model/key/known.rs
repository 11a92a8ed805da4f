//! A key that you bring along instead of letting the server generate one.

use std::fmt::{self, Debug, Formatter};

use serde_json::Value;

use super::checksum::ChecksumSecret;
use super::mode::Mode;
use super::secret::{KeySecret, Prefix};
use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// A key with a valid form, whose checksum hasn't been compared yet: that needs the database's
/// secret. `Debug` prints only the prefix.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownKey {
    text: String,
    prefix: Prefix,
    mode: Mode,
}

impl KnownKey {
    /// Checks the form of a key.
    ///
    /// # Errors
    /// If it can't be a key. The message doesn't contain the text.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let (mode, prefix) = KeySecret::split(text).ok_or_else(malformed)?;
        Ok(Self { text: text.to_owned(), prefix, mode })
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// Returns the key if its checksum is valid in the database that `signer` belongs to.
    ///
    /// # Errors
    /// If the key is mistyped or was issued by another database.
    pub fn verify_checksum(&self, signer: &ChecksumSecret) -> Result<KeySecret, Fault> {
        KeySecret::parse(&self.text, signer).ok_or_else(|| {
            Fault::new(
                Rule::InvalidString,
                "has a wrong checksum: check it for typos. A key that another database issued \
                 can't be used here; generate one with `pivotal-server keys generate`",
            )
        })
    }
}

impl Debug for KnownKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.prefix)
    }
}

fn malformed() -> Fault {
    Fault::new(
        Rule::InvalidString,
        "must be a whole API key: `pivotal_` or `pivotal_test_` and 46 letters and digits, as \
         `pivotal-server keys generate` prints it",
    )
}

impl JsonSchema for KnownKey {
    fn schema() -> Schema {
        schema::string().pattern(Some("^pivotal_(test_)?[0-9A-Za-z]{46}$")).into()
    }
}

impl FieldValue for KnownKey {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(expect_str(value)?)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signer(seed: u8) -> ChecksumSecret {
        ChecksumSecret::from_stored([seed; 32])
    }

    #[test]
    fn a_generated_key_is_valid_in_every_database() {
        for mode in [Mode::Live, Mode::Test] {
            let key = KeySecret::generate_portable(mode).unwrap();
            let known = KnownKey::parse(&format!(" {}\n", key.reveal())).unwrap();
            assert_eq!((known.mode(), known.prefix()), (mode, key.prefix()));
            for seed in [1, 2] {
                let read = known.verify_checksum(&signer(seed)).unwrap();
                assert_eq!(read.reveal(), key.reveal());
            }
        }
    }

    #[test]
    fn a_key_that_another_database_issued_is_refused() {
        let key = KeySecret::generate(Mode::Live, &signer(1)).unwrap();
        let known = KnownKey::parse(key.reveal()).unwrap();
        assert!(known.verify_checksum(&signer(1)).is_ok());
        let refused = known.verify_checksum(&signer(2)).unwrap_err();
        assert!(!refused.requirement.contains(key.reveal()));
        assert_eq!(format!("{known:?}"), format!("{}…", key.prefix()));
    }

    proptest! {
        #[test]
        fn exactly_the_text_that_the_pattern_describes_is_a_key(
            text in "(pivotal_)?(test_)?[0-9A-Za-z_é]{44,48}",
        ) {
            let rest = text.strip_prefix("pivotal_");
            let rest = rest.map(|rest| rest.strip_prefix("test_").unwrap_or(rest));
            let is_key = rest.is_some_and(|rest| {
                rest.len() == 46 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
            prop_assert_eq!(KnownKey::parse(&text).is_ok(), is_key);
        }
    }
}
