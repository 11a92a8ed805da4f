//! Plaintext keys: their format, and how they are checked and generated.

use std::fmt::{self, Debug, Display, Formatter};

use serde::Serialize;

use super::checksum::{self, BASE62, Checksum, ChecksumSecret};
use super::mode::Mode;
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// The length of the lookup ID.
pub(in crate::model) const LOOKUP: usize = 8;
const SECRET: usize = 32;
const CHECKSUM: usize = checksum::LENGTH;

/// The part of a key that is safe to show: the mode's marker and the lookup ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Prefix(String);

impl JsonSchema for Prefix {
    fn schema() -> Schema {
        schema::string().pattern(Some("^pivotal_(test_)?[0-9A-Za-z]{8}$")).into()
    }
}

impl Prefix {
    pub fn new(mode: Mode, lookup: &str) -> Self {
        Self(format!("{}{lookup}", mode.marker()))
    }

    /// Parses a prefix, or a whole key, which is reduced to its prefix.
    pub fn parse(text: &str) -> Option<Self> {
        let (mode, rest) = split_marker(text)?;
        let lookup = rest.get(..LOOKUP)?;
        let whole = rest.len() == LOOKUP || rest.len() == LOOKUP + SECRET + CHECKSUM;
        (whole && is_base62(rest)).then(|| Self::new(mode, lookup))
    }

    /// Returns the eight characters that keys are looked up by.
    pub fn lookup_id(&self) -> &str {
        // A prefix is ASCII and never shorter than its lookup ID.
        &self.0[self.0.len() - LOOKUP..]
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Prefix {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A plaintext key. It is shown once, when it is created. `Debug` prints only the prefix, so the
/// key isn't logged by accident: use [`KeySecret::reveal`] to get the text.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret {
    text: String,
    prefix: Prefix,
    checksum: Checksum,
}

impl KeySecret {
    /// Generates a key from the operating system's random source.
    ///
    /// # Errors
    /// If the operating system can't provide random bytes.
    pub fn generate(mode: Mode, signer: &ChecksumSecret) -> Result<Self, getrandom::Error> {
        let (text, prefix) = Self::generate_body(mode)?;
        let sum = signer.sign(&text);
        Ok(Self { text: text + &sum, prefix, checksum: Checksum::Keyed })
    }

    /// Generates a key that can be stored in any database, with the checksum that needs no secret.
    ///
    /// # Errors
    /// If the operating system can't provide random bytes.
    pub fn generate_portable(mode: Mode) -> Result<Self, getrandom::Error> {
        let (text, prefix) = Self::generate_body(mode)?;
        let sum = checksum::crc32(&text);
        Ok(Self { text: text + &sum, prefix, checksum: Checksum::Crc32 })
    }

    /// Generates a key without its checksum.
    fn generate_body(mode: Mode) -> Result<(String, Prefix), getrandom::Error> {
        let mut text = mode.marker().to_owned();
        while text.len() < mode.marker().len() + LOOKUP + SECRET {
            let mut bytes = [0u8; 64];
            getrandom::fill(&mut bytes)?;
            // Using bytes of 248 and above would make the first characters of the alphabet
            // likelier.
            let letters = bytes.iter().filter(|&&byte| byte < 248);
            let missing = mode.marker().len() + LOOKUP + SECRET - text.len();
            text.extend(
                letters.take(missing).map(|&byte| char::from(BASE62[usize::from(byte % 62)])),
            );
        }
        let lookup = &text[mode.marker().len()..][..LOOKUP];
        let prefix = Prefix::new(mode, lookup);
        Ok((text, prefix))
    }

    /// Returns the mode and the prefix of a key with a valid marker, length, and characters.
    pub(super) fn split(text: &str) -> Option<(Mode, Prefix)> {
        let (mode, rest) = split_marker(text)?;
        let is_whole = rest.len() == LOOKUP + SECRET + CHECKSUM && is_base62(rest);
        is_whole.then(|| (mode, Prefix::new(mode, &rest[..LOOKUP])))
    }

    /// Parses a key that a client sent. Returns `None` unless its marker, length, characters, and
    /// checksum are valid.
    pub fn parse(text: &str, signer: &ChecksumSecret) -> Option<Self> {
        let (_, prefix) = Self::split(text)?;
        let (body, sum) = text.split_at(text.len() - CHECKSUM);
        let checksum = signer.recognize(body, sum)?;
        Some(Self { text: text.to_owned(), prefix, checksum })
    }

    pub fn checksum(&self) -> Checksum {
        self.checksum
    }

    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// Returns the plaintext key.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl Debug for KeySecret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.prefix)
    }
}

fn split_marker(text: &str) -> Option<(Mode, &str)> {
    // The test marker starts with the live marker, so try the longer one first.
    [Mode::Test, Mode::Live]
        .into_iter()
        .find_map(|mode| Some((mode, text.strip_prefix(mode.marker())?)))
}

fn is_base62(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signer() -> ChecksumSecret {
        ChecksumSecret::from_stored([7; 32])
    }

    #[test]
    fn a_new_key_can_be_parsed_and_keeps_its_mode() {
        for mode in [Mode::Live, Mode::Test] {
            let key = KeySecret::generate(mode, &signer()).unwrap();
            let read = KeySecret::parse(key.reveal(), &signer()).unwrap();
            assert_eq!(read, key);
            assert_eq!(read.checksum(), Checksum::Keyed);
            assert!(read.prefix().as_str().starts_with(mode.marker()));
            assert!(
                KeySecret::parse(key.reveal(), &ChecksumSecret::from_stored([8; 32])).is_none()
            );
            assert_eq!(read.prefix().lookup_id().len(), 8);
            assert!(key.reveal().starts_with(read.prefix().as_str()));
            assert_eq!(Prefix::parse(key.reveal()).as_ref(), Some(read.prefix()));
            assert_eq!(Prefix::parse(read.prefix().as_str()).as_ref(), Some(read.prefix()));
        }
    }

    #[test]
    fn a_single_changed_character_is_detected() {
        let key = KeySecret::generate(Mode::Live, &signer()).unwrap();
        let text = key.reveal();
        for at in "pivotal_".len()..text.len() {
            let other = if &text[at..=at] == "a" { "b" } else { "a" };
            let mistyped = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert!(KeySecret::parse(&mistyped, &signer()).is_none(), "{mistyped}");
        }
    }

    #[test]
    fn debug_does_not_reveal_the_secret() {
        let key = KeySecret::generate(Mode::Live, &signer()).unwrap();
        assert_eq!(format!("{key:?}"), format!("{}…", key.prefix()));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "(pivotal_(test_)?)?.{0,60}") {
            let _ = (KeySecret::parse(&text, &signer()), Prefix::parse(&text));
        }
    }
}
