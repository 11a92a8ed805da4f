//! API keys: the secret that a client sends, what it may do, and what is kept of it.

use std::fmt::{self, Debug, Display, Formatter};

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};
use utoipa::openapi::schema::Object;

use super::id::Id;
use super::schema::{self, Component, Described, Schema, choices};
use super::slug::Slug;
use super::text::Name;
use super::time::Timestamp;

/// The id of a key.
pub type KeyId = Id<Key>;

/// Whether a key's requests may have effects outside the server.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the API's values")]
pub enum Mode {
    #[default]
    Live,
    Test,
}

impl Mode {
    /// What every key of this mode begins with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "pivotal_",
            Self::Test => "pivotal_test_",
        }
    }

    /// The `livemode` flag.
    pub fn is_live(self) -> bool {
        self == Self::Live
    }
}

/// How many requests a minute a key has.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the API's values")]
pub enum Tier {
    #[default]
    Standard,
    Paid,
    Unlimited,
}

/// What a key may do with one type of resource.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
)]
#[serde(into = "&'static str")]
#[expect(missing_docs, reason = "the names are the API's values")]
pub enum Scope {
    #[strum(serialize = "read:customers")]
    ReadCustomers,
    #[strum(serialize = "write:customers")]
    WriteCustomers,
    #[strum(serialize = "read:contacts")]
    ReadContacts,
    #[strum(serialize = "write:contacts")]
    WriteContacts,
    #[strum(serialize = "read:onboardings")]
    ReadOnboardings,
    #[strum(serialize = "write:onboardings")]
    WriteOnboardings,
}

/// The scopes of a key, each once, in the order in which they are declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Scopes(Vec<Scope>);

impl Component for Mode {
    const NAME: &'static str = "KeyMode";

    fn component() -> Object {
        choices::<Self>("Whether effects of a key's requests may leave the server.")
    }
}

impl Component for Tier {
    const NAME: &'static str = "RateLimitTier";

    fn component() -> Object {
        choices::<Self>("How many requests a minute a key has.")
    }
}

impl Component for Scope {
    const NAME: &'static str = "Scope";

    fn component() -> Object {
        choices::<Self>(
            "Addition: the hosted API has no scopes. What a key may do with one type of resource; \
             writing does not include reading.",
        )
    }
}

impl Described for Scopes {
    fn schema() -> Schema {
        Vec::<Scope>::schema()
    }
}

impl Described for Prefix {
    fn schema() -> Schema {
        schema::string().pattern(Some("^pivotal_(test_)?[0-9A-Za-z]{8}$")).into()
    }
}

impl Scopes {
    /// All six.
    pub fn all() -> Self {
        Self(<Scope as VariantArray>::VARIANTS.to_vec())
    }

    /// Exactly these; all six when there are none, since a key without any could do nothing.
    pub fn of(chosen: &[Scope]) -> Self {
        if chosen.is_empty() {
            return Self::all();
        }
        Self(
            <Scope as VariantArray>::VARIANTS
                .iter()
                .copied()
                .filter(|scope| chosen.contains(scope))
                .collect(),
        )
    }

    /// Whether a request that needs `scope` is allowed.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The form in which they are stored: names separated by single spaces.
    pub fn to_text(&self) -> String {
        self.0.iter().map(|&scope| scope.into()).collect::<Vec<&str>>().join(" ")
    }

    /// Reads back what [`Scopes::to_text`] wrote; a name that is not known gives nothing.
    pub fn stored(text: &str) -> Self {
        Self(text.split(' ').filter_map(|name| name.parse().ok()).collect())
    }
}

/// A key as it is kept and shown: everything but its secret.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// The part that is safe to show and to log, such as `pivotal_K8s9X2mP`.
    pub prefix: Prefix,
    /// What people call it.
    pub name: Name,
    /// Live or test.
    pub mode: Mode,
    /// The slug of its workspace.
    pub workspace: Slug,
    /// Its rate limit tier.
    pub tier: Tier,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a request was last made with it.
    pub last_used_at: Option<Timestamp>,
    /// From which address.
    pub last_used_ip: Option<String>,
    /// How many requests were made with it.
    pub request_count: i64,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key of which it is the twin that takes its place.
    pub replaces: Option<KeyId>,
}

/// What a new key is made of.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What people call it.
    pub name: Name,
    /// Live or test.
    pub mode: Mode,
    /// Its rate limit tier.
    pub tier: Tier,
    /// What it may do.
    pub scopes: Scopes,
    /// The key that it takes the place of.
    pub replaces: Option<KeyId>,
}

impl NewKey {
    /// A key that is like another one and takes its place.
    pub fn twin_of(key: &Key) -> Self {
        Self {
            name: key.name.clone(),
            mode: key.mode,
            tier: key.tier,
            scopes: key.scopes.clone(),
            replaces: Some(key.id.clone()),
        }
    }
}

/// Requests that were made with a key since that was last written down.
#[derive(Clone, Copy, Debug)]
pub struct KeyUse {
    /// When the last of them was made.
    pub at: Timestamp,
    /// From which address.
    pub from: std::net::IpAddr,
    /// How many they were.
    pub requests: i64,
}

const LOOKUP: usize = 8;
const SECRET: usize = 32;
const CHECKSUM: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The visible part of a key: its mode's word and its lookup id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Prefix(String);

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
    mode: Mode,
}

impl KeySecret {
    /// A new key from the operating system's random source.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn generate(mode: Mode) -> Result<Self, getrandom::Error> {
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
        text.push_str(&checksum(&text));
        Ok(Self { text, prefix, mode })
    }

    /// Takes the text that a client sent; nothing unless its word, length, alphabet and checksum
    /// are those of a key.
    pub fn parse(text: &str) -> Option<Self> {
        let (mode, rest) = split_word(text)?;
        if rest.len() != LOOKUP + SECRET + CHECKSUM || !is_base62(rest) {
            return None;
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM);
        (sum == checksum(body)).then(|| Self {
            text: text.to_owned(),
            prefix: Prefix::new(mode, &rest[..LOOKUP]),
            mode,
        })
    }

    /// The part that is safe to show.
    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// Live or test.
    pub fn mode(&self) -> Mode {
        self.mode
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

/// CRC-32 of what stands before it, in six base-62 digits: it tells a mistyped key from a wrong
/// one, and proves nothing else.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
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

    #[test]
    fn a_new_key_is_read_back_with_its_mode() {
        for mode in [Mode::Live, Mode::Test] {
            let key = KeySecret::generate(mode).unwrap();
            let read = KeySecret::parse(key.reveal()).unwrap();
            assert_eq!(read, key);
            assert_eq!(read.mode(), mode);
            assert_eq!(read.prefix().lookup().len(), 8);
            assert!(key.reveal().starts_with(read.prefix().as_str()));
            assert_eq!(Prefix::parse(key.reveal()).as_ref(), Some(read.prefix()));
            assert_eq!(Prefix::parse(read.prefix().as_str()).as_ref(), Some(read.prefix()));
        }
    }

    #[test]
    fn one_changed_character_is_noticed() {
        let key = KeySecret::generate(Mode::Live).unwrap();
        let text = key.reveal();
        for at in "pivotal_".len()..text.len() {
            let other = if &text[at..=at] == "a" { "b" } else { "a" };
            let mistyped = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert!(KeySecret::parse(&mistyped).is_none(), "{mistyped}");
        }
    }

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let key = KeySecret::generate(Mode::Live).unwrap();
        assert_eq!(format!("{key:?}"), format!("{}…", key.prefix()));
    }

    #[test]
    fn keys_are_taken_out_of_log_lines() {
        let key = KeySecret::generate(Mode::Test).unwrap();
        let line = format!("/a/{}/b/{}", key.reveal(), key.reveal());
        let shown = format!("{}[redacted]", key.prefix());
        assert_eq!(redact(&line), format!("/a/{shown}/b/{shown}"));
        assert_eq!(redact("/api/v1/pivotal_x/é"), "/api/v1/pivotal_x/é");
    }

    #[test]
    fn scopes_are_kept_in_order_and_none_means_all() {
        let two = Scopes::of(&[Scope::WriteContacts, Scope::ReadCustomers, Scope::WriteContacts]);
        assert_eq!(two.to_text(), "read:customers write:contacts");
        assert_eq!(Scopes::stored(&two.to_text()), two);
        assert!(!two.allow(Scope::ReadContacts));
        assert_eq!(Scopes::of(&[]), Scopes::all());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_key_panic(text in "(pivotal_(test_)?)?.{0,60}") {
            let _ = (KeySecret::parse(&text), Prefix::parse(&text), redact(&text));
        }
    }
}
