//! Host names of customers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alphabet::Alphabet;
use super::comparison::{ascii_label, host_key};
use super::invisible::{JOINERS, identifier, is_blank, refused};
use crate::model::parse::fields::{Property, string};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, Described, Schema};

/// A host name without scheme, port or path, at most 253 characters, in lower case and without the
/// final dot. International names are kept as they were written, in Unicode or in Punycode.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Domain(String);

/// The longest host name (RFC 1035, 2.3.4, less the length bytes of the root).
const MAX: usize = 253;
/// The longest label of one.
const MAX_LABEL: usize = 63;

impl Domain {
    /// Takes a host name as a person typed it.
    ///
    /// # Errors
    /// [`Rule::TooBig`] or [`Rule::InvalidString`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let host = identifier(raw, JOINERS)?.to_lowercase();
        // The dot says that the name is complete, as every stored one is.
        let host = host.strip_suffix('.').unwrap_or(&host);
        if host.chars().take(MAX + 1).count() > MAX {
            return Err(Fault::too_long(MAX));
        }
        if !is_host_name(host, &[]) {
            return Err(refused(host, &[]).unwrap_or_else(malformed));
        }
        Ok(Self(host.to_owned()))
    }

    /// The host name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which it compares.
    pub fn key(&self) -> String {
        host_key(&self.0)
    }

    /// The form of a host name that somebody looks for, of which it is not known whether it is one.
    pub fn key_of(raw: &str) -> String {
        host_key(&raw.trim_matches(is_blank).to_lowercase())
    }
}

/// What a label is made of beside hyphens: letters and digits of every script, and none of the
/// characters that are punctuation in ASCII and Latin-1, spaces, invisible or other forms of
/// letters. All that IDNA2008 allows is here, but for [`INNER`].
const LETTERS: Alphabet = Alphabet(&[
    ('\0', '/'),
    (':', '@'),
    ('[', '`'),
    ('{', '\u{bf}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{206f}'),
    ('\u{3000}', '\u{3004}'),
    ('\u{fe00}', '\u{fe1f}'),
    ('\u{fe30}', '\u{fe72}'),
    ('\u{fe74}', '\u{ffff}'),
]);

/// What stands only inside a label: the hyphen, and the middle dot of Catalan (`paral·lel`).
const INNER: &[char] = &['-', '\u{b7}'];

/// Labels of 1 to 63 letters, digits and inner hyphens (RFC 1123, 2.1), in any script, and of these
/// characters as well.
pub(in crate::model) fn is_host_name(host: &str, also: &[char]) -> bool {
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.chars().count())
            && !label.starts_with(INNER)
            && !label.ends_with(INNER)
            && label.chars().all(|c| {
                LETTERS.has(c) || [INNER, JOINERS, also].iter().any(|some| some.contains(&c))
            })
            // A joiner changes some words of Persian and of Indic languages, and is invisible
            // anywhere else (RFC 5892, A.1 and A.2).
            && (!label.contains(JOINERS) || ascii_label(label).is_some())
    };
    host.split('.').all(label)
}

/// A pattern of a label that is accepted. It has no joiners, since it cannot say where they may
/// stand.
pub(in crate::model) fn label_pattern(also: &[char]) -> String {
    let inner = [INNER, also].concat();
    label_of(&LETTERS.visible_class_and(also), &LETTERS.visible_class_and(&inner))
}

/// A pattern of a label that is shown.
pub(in crate::model) fn shown_label_pattern(also: &[char]) -> String {
    let (letter, inner) = ([JOINERS, also].concat(), [INNER, JOINERS, also].concat());
    label_of(&LETTERS.class_and(&letter), &LETTERS.class_and(&inner))
}

fn label_of(letter: &str, inner: &str) -> String {
    format!("{letter}({inner}{{0,{}}}{letter})?", MAX_LABEL - 2)
}

fn malformed() -> Fault {
    let says = "must be a host name without scheme, port or path, such as aurora.example";
    Fault::new(Rule::InvalidString, says)
}

impl Described for Domain {
    fn schema() -> Schema {
        let label = shown_label_pattern(&[]);
        let pattern = format!("^({label}\\.)*{label}$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }
}

impl Property for Domain {
    fn accepted() -> Schema {
        let label = label_pattern(&[]);
        let pattern = format!("^({label}\\.)*{label}\\.?$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }

    fn faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), Fault::too_long(MAX), malformed()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(string(value)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_lowercased_and_checked() {
        assert_eq!(Domain::parse("Aurora.Example").unwrap().as_str(), "aurora.example");
        for good in
            ["localhost", "a-b.c", "1.2.3.4", "münchen.example", "भारत.example", "佐々木.example"]
        {
            assert!(Domain::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://a.b",
            "a.b/c",
            "a.b:80",
            "a..b",
            ".a",
            ".",
            "a..",
            "-a.b",
            "a-.b",
            "a_b.c",
            "a b",
            "a\u{a0}b",
            "a\u{200b}b",
            "a\u{200d}b",
            "a\u{ad}b",
            "a\u{e0001}b",
            "·a.b",
            "ａ.b",
            "a。b",
        ] {
            assert_eq!(Domain::parse(bad).unwrap_err().rule, Rule::InvalidString, "{bad}");
        }
        for (dropped, left) in [("a.", "a"), ("\u{feff}a.b\u{200b}", "a.b"), (" A.b.\n", "a.b")] {
            assert_eq!(Domain::parse(dropped).unwrap().as_str(), left);
        }
        let longest =
            [["a"; 63].concat(), ["b"; 63].concat(), ["c"; 63].concat(), ["d"; 61].concat()]
                .join(".");
        assert_eq!(longest.len(), 253);
        assert!(Domain::parse(&longest).is_ok());
        assert_eq!(Domain::parse(&format!("{longest}.")).unwrap().as_str(), longest);
        assert_eq!(Domain::parse(&format!("{longest}e")).unwrap_err().rule, Rule::TooBig);
        assert_eq!(Domain::parse(&["a"; 64].concat()).unwrap_err().rule, Rule::InvalidString);
    }

    #[test]
    fn every_host_name_that_idna2008_allows_is_taken() {
        for good in [
            "paral\u{b7}lel.example",
            "نامه\u{200c}ای.example",
            "क्\u{200d}ष.example",
            "אב״ג.example",
            "͵α.example",
            "ヶ・ヶ.example",
            "〇.example",
            "a\u{fe20}.example",
            "xn--mnchen-3ya.example",
            "a--b.example",
        ] {
            assert_eq!(Domain::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn both_forms_of_an_international_name_have_one_key() {
        let key = |host: &str| Domain::parse(host).unwrap().key();
        assert_eq!(key("München.example"), key("XN--mnchen-3ya.example."));
        assert_eq!(key("München.example"), Domain::key_of(" MU\u{308}NCHEN.example. "));
        assert_ne!(key("munchen.example"), key("münchen.example"));
    }
}
