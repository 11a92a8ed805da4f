//! A key in clear, as a client sends it: its parts, its checksum, and how it is kept out of logs.

use std::fmt::{self, Debug, Display, Formatter};

use serde::Serialize;

use super::checksum::{self, BASE62, Checksum, ChecksumSecret};
use super::mode::Mode;
use crate::model::parse::schema::{self, Described, Schema};

const LOOKUP: usize = 8;
const SECRET: usize = 32;
const CHECKSUM: usize = checksum::LENGTH;

/// The visible part of a key: its mode's word and its lookup id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Prefix(String);

impl Described for Prefix {
    fn schema() -> Schema {
        schema::string().pattern(Some("^pivotal_(test_)?[0-9A-Za-z]{8}$")).into()
    }
}

impl Prefix {
    /// Joins the two parts.
    pub fn new(mode: Mode, lookup: &str) -> Self {
        Self(format!("{}{lookup}", mode.word()))
    }

    /// Takes a prefix, or a whole key, of which only the prefix is kept.
    pub fn parse(text: &str) -> Option<Self> {
        let (mode, rest) = split_word(text)?;
        let lookup = rest.get(..LOOKUP)?;
        let whole = rest.len() == LOOKUP || rest.len() == LOOKUP + SECRET + CHECKSUM;
        (whole && is_base62(rest)).then(|| Self::new(mode, lookup))
    }

    /// The eight characters by which a key is found.
    pub fn lookup(&self) -> &str {
        // A prefix is never shorter than its lookup id, and ASCII throughout.
        &self.0[self.0.len() - LOOKUP..]
    }

    /// The prefix's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Prefix {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key in clear. It is shown once, when it is created, and neither printed nor logged by
/// accident: the text has to be asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret {
    text: String,
    prefix: Prefix,
    checksum: Checksum,
}

impl KeySecret {
    /// A new key from the operating system's random source.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn generate(mode: Mode, signer: &ChecksumSecret) -> Result<Self, getrandom::Error> {
        let mut text = mode.word().to_owned();
        while text.len() < mode.word().len() + LOOKUP + SECRET {
            let mut bytes = [0u8; 64];
            getrandom::fill(&mut bytes)?;
            // Bytes of 248 and above would make the first letters likelier than the others.
            let letters = bytes.iter().filter(|&&byte| byte < 248);
            let missing = mode.word().len() + LOOKUP + SECRET - text.len();
            text.extend(
                letters.take(missing).map(|&byte| char::from(BASE62[usize::from(byte % 62)])),
            );
        }
        let lookup = &text[mode.word().len()..][..LOOKUP];
        let prefix = Prefix::new(mode, lookup);
        text.push_str(&signer.sign(&text));
        Ok(Self { text, prefix, checksum: Checksum::Keyed })
    }

    /// Takes the text that a client sent; nothing unless its word, length, alphabet and checksum
    /// are those of a key.
    pub fn parse(text: &str, signer: &ChecksumSecret) -> Option<Self> {
        let (mode, rest) = split_word(text)?;
        if rest.len() != LOOKUP + SECRET + CHECKSUM || !is_base62(rest) {
            return None;
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM);
        let checksum = signer.recognize(body, sum)?;
        let prefix = Prefix::new(mode, &rest[..LOOKUP]);
        Some(Self { text: text.to_owned(), prefix, checksum })
    }

    /// Which checksum it has.
    pub fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// The part that is safe to show.
    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// The key in clear.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl Debug for KeySecret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.prefix)
    }
}

fn split_word(text: &str) -> Option<(Mode, &str)> {
    // The live word begins the test word too, so the longer one is tried first.
    [Mode::Test, Mode::Live]
        .into_iter()
        .find_map(|mode| Some((mode, text.strip_prefix(mode.word())?)))
}

fn is_base62(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Text for a log in which a key might stand, with all of the key but its prefix left out.
pub fn redact(text: &str) -> std::borrow::Cow<'_, str> {
    let Some(start) = text.find("pivotal_") else {
        return text.into();
    };
    let (before, key) = text.split_at(start);
    let word =
        if key.starts_with(Mode::Test.word()) { Mode::Test.word() } else { Mode::Live.word() };
    let letters = key[word.len()..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let end = word.len() + letters;
    if letters <= LOOKUP {
        return format!("{before}{}{}", &key[..end], redact(&key[end..])).into();
    }
    format!("{before}{}[redacted]{}", &key[..word.len() + LOOKUP], redact(&key[end..])).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signer() -> ChecksumSecret {
        ChecksumSecret::stored([7; 32])
    }

    #[test]
    fn a_new_key_is_read_back_with_its_mode() {
        for mode in [Mode::Live, Mode::Test] {
            let key = KeySecret::generate(mode, &signer()).unwrap();
            let read = KeySecret::parse(key.reveal(), &signer()).unwrap();
            assert_eq!(read, key);
            assert_eq!(read.checksum(), Checksum::Keyed);
            assert!(read.prefix().as_str().starts_with(mode.word()));
            assert!(KeySecret::parse(key.reveal(), &ChecksumSecret::stored([8; 32])).is_none());
            assert_eq!(read.prefix().lookup().len(), 8);
            assert!(key.reveal().starts_with(read.prefix().as_str()));
            assert_eq!(Prefix::parse(key.reveal()).as_ref(), Some(read.prefix()));
            assert_eq!(Prefix::parse(read.prefix().as_str()).as_ref(), Some(read.prefix()));
        }
    }

    #[test]
    fn one_changed_character_is_noticed() {
        let key = KeySecret::generate(Mode::Live, &signer()).unwrap();
        let text = key.reveal();
        for at in "pivotal_".len()..text.len() {
            let other = if &text[at..=at] == "a" { "b" } else { "a" };
            let mistyped = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert!(KeySecret::parse(&mistyped, &signer()).is_none(), "{mistyped}");
        }
    }

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let key = KeySecret::generate(Mode::Live, &signer()).unwrap();
        assert_eq!(format!("{key:?}"), format!("{}…", key.prefix()));
    }

    #[test]
    fn keys_are_taken_out_of_log_lines() {
        let key = KeySecret::generate(Mode::Test, &signer()).unwrap();
        let line = format!("/a/{}/b/{}", key.reveal(), key.reveal());
        let shown = format!("{}[redacted]", key.prefix());
        assert_eq!(redact(&line), format!("/a/{shown}/b/{shown}"));
        assert_eq!(redact("/api/v1/pivotal_x/é"), "/api/v1/pivotal_x/é");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_key_panic(text in "(pivotal_(test_)?)?.{0,60}") {
            let _ = (KeySecret::parse(&text, &signer()), Prefix::parse(&text), redact(&text));
        }
    }
}
