//! Host names of customers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alphabet::Alphabet;
use super::invisible::{JOINERS, invisible_fault, is_blank, trim_identifier};
use super::normalize::{ascii_label, host_key};
use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// A host name without a scheme, port, or path: at most 253 characters, in lowercase, without the
/// trailing dot. Internationalized names stay as they were written, in Unicode or Punycode.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Domain(String);

/// The maximum length of a host name. RFC 1035, section 2.3.4, allows 255 bytes, two of which
/// don't occur in the text form.
const MAX: usize = 253;
/// The maximum length of a label.
const MAX_LABEL: usize = 63;

impl Domain {
    /// Trims, lowercases, and validates a host name.
    ///
    /// # Errors
    /// [`Rule::TooBig`] or [`Rule::InvalidString`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let host = trim_identifier(raw, JOINERS)?.to_lowercase();
        // The trailing dot marks a fully qualified name, which every stored name is anyway.
        let host = host.strip_suffix('.').unwrap_or(&host);
        if host.chars().take(MAX + 1).count() > MAX {
            return Err(Fault::too_long(MAX));
        }
        if !is_host_name(host, &[]) {
            return Err(invisible_fault(host, &[]).unwrap_or_else(malformed));
        }
        Ok(Self(host.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the normalized form for comparisons.
    pub fn key(&self) -> String {
        host_key(&self.0)
    }

    /// Returns the normalized form of a search term, which need not be a valid host name.
    pub fn lookup_key(raw: &str) -> String {
        host_key(&raw.trim_matches(is_blank).to_lowercase())
    }
}

/// The characters of a label, apart from hyphens: letters and digits of every script. Excludes
/// ASCII and Latin-1 punctuation, spaces, invisible characters, and compatibility forms of letters.
/// Includes everything that IDNA2008 allows, except for [`INNER`].
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

/// The characters that are allowed only inside a label: the hyphen, and the middle dot that Catalan
/// uses (`paral·lel`).
const INNER: &[char] = &['-', '\u{b7}'];

/// Returns whether every label of a host name is valid: 1 to 63 letters, digits, and inner hyphens
/// (RFC 1123, section 2.1), in any script, or characters in `also`.
pub(in crate::model) fn is_host_name(host: &str, also: &[char]) -> bool {
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.chars().count())
            && !label.starts_with(INNER)
            && !label.ends_with(INNER)
            && label.chars().all(|c| {
                LETTERS.contains(c) || [INNER, JOINERS, also].iter().any(|some| some.contains(&c))
            })
            // Joiners are significant in some words of Persian and of Indic languages, and
            // invisible everywhere else (RFC 5892, A.1 and A.2).
            && (!label.contains(JOINERS) || ascii_label(label).is_some())
    };
    host.split('.').all(label)
}

/// Returns a pattern for labels in requests. It doesn't include joiners, because a pattern can't
/// express where they are allowed.
pub(in crate::model) fn input_label_pattern(also: &[char]) -> String {
    let inner = [INNER, also].concat();
    label_pattern(&LETTERS.visible_class_with(also), &LETTERS.visible_class_with(&inner))
}

/// Returns a pattern for labels in responses.
pub(in crate::model) fn response_label_pattern(also: &[char]) -> String {
    let (letter, inner) = ([JOINERS, also].concat(), [INNER, JOINERS, also].concat());
    label_pattern(&LETTERS.class_with(&letter), &LETTERS.class_with(&inner))
}

fn label_pattern(letter: &str, inner: &str) -> String {
    format!("{letter}({inner}{{0,{}}}{letter})?", MAX_LABEL - 2)
}

fn malformed() -> Fault {
    let requirement = "must be a host name without a scheme, port, or path, such as aurora.example";
    Fault::new(Rule::InvalidString, requirement)
}

impl JsonSchema for Domain {
    fn schema() -> Schema {
        let label = response_label_pattern(&[]);
        let pattern = format!("^({label}\\.)*{label}$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }
}

impl FieldValue for Domain {
    fn input_schema() -> Schema {
        let label = input_label_pattern(&[]);
        let pattern = format!("^({label}\\.)*{label}\\.?$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }

    fn possible_faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), Fault::too_long(MAX), malformed()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(expect_str(value)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_lowercased_and_validated() {
        assert_eq!(Domain::parse("Aurora.Example").unwrap().as_str(), "aurora.example");
        for valid in
            ["localhost", "a-b.c", "1.2.3.4", "münchen.example", "भारत.example", "佐々木.example"]
        {
            assert!(Domain::parse(valid).is_ok(), "{valid}");
        }
        for invalid in [
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
            assert_eq!(Domain::parse(invalid).unwrap_err().rule, Rule::InvalidString, "{invalid}");
        }
        for (input, trimmed) in [("a.", "a"), ("\u{feff}a.b\u{200b}", "a.b"), (" A.b.\n", "a.b")] {
            assert_eq!(Domain::parse(input).unwrap().as_str(), trimmed);
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
    fn every_host_name_that_idna2008_allows_is_accepted() {
        for valid in [
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
            assert_eq!(Domain::parse(valid).unwrap().as_str(), valid);
        }
    }

    #[test]
    fn both_forms_of_an_internationalized_name_have_the_same_key() {
        let key = |host: &str| Domain::parse(host).unwrap().key();
        assert_eq!(key("München.example"), key("XN--mnchen-3ya.example."));
        assert_eq!(key("München.example"), Domain::lookup_key(" MU\u{308}NCHEN.example. "));
        assert_ne!(key("munchen.example"), key("münchen.example"));
    }
}
