//! Host names of customers.

use serde::Serialize;
use serde_json::Value;

use super::alphabet::Alphabet;
use super::fields::Property;
use super::problem::{Fault, Rule};
use super::schema::{self, Described, Schema};
use super::text::{clean, string};

/// A host name without scheme, port or path, at most 253 characters, in lower case.
/// International names are kept as they were written, without turning them into punycode.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
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
        let host = clean(raw)?.to_lowercase();
        if host.chars().take(MAX + 1).count() > MAX {
            return Err(Fault::new(Rule::TooBig, format!("must be at most {MAX} characters")));
        }
        if !is_host_name(&host) {
            return Err(Fault::new(
                Rule::InvalidString,
                "must be a host name without scheme, port or path, such as aurora.example",
            ));
        }
        Ok(Self(host))
    }

    /// A value that the store reads back: it was parsed before it was written.
    pub fn stored(host: String) -> Self {
        Self(host)
    }

    /// The host name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a label is made of beside hyphens: letters and digits of every script, and none of the
/// characters that are punctuation in ASCII and Latin-1, spaces, invisible or other forms of letters.
const LETTERS: Alphabet = Alphabet(&[
    ('\0', '/'),
    (':', '@'),
    ('[', '`'),
    ('{', '\u{bf}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{206f}'),
    ('\u{3000}', '\u{3004}'),
    ('\u{fe00}', '\u{ffff}'),
]);

/// Labels of 1 to 63 letters, digits and inner hyphens (RFC 1123, 2.1), in any script.
pub(super) fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.chars().count())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c == '-' || LETTERS.has(c))
    };
    host.split('.').all(label)
}

/// A pattern of a label.
pub(super) fn label_pattern() -> String {
    let (letter, inner) = (LETTERS.class(), LETTERS.class_and(&['-']));
    format!("{letter}({inner}{{0,{}}}{letter})?", MAX_LABEL - 2)
}

impl Described for Domain {
    fn schema() -> Schema {
        let label = label_pattern();
        let pattern = format!("^({label}\\.)*{label}$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }
}

impl Property for Domain {
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
            "a.",
            "-a.b",
            "a-.b",
            "a_b.c",
            "a b",
            "a\u{a0}b",
            "a\u{200b}b",
            "ａ.b",
            "a。b",
        ] {
            assert_eq!(Domain::parse(bad).unwrap_err().rule, Rule::InvalidString, "{bad}");
        }
        let longest =
            [["a"; 63].concat(), ["b"; 63].concat(), ["c"; 63].concat(), ["d"; 61].concat()]
                .join(".");
        assert_eq!(longest.len(), 253);
        assert!(Domain::parse(&longest).is_ok());
        assert_eq!(Domain::parse(&format!("{longest}e")).unwrap_err().rule, Rule::TooBig);
        assert_eq!(Domain::parse(&["a"; 64].concat()).unwrap_err().rule, Rule::InvalidString);
    }
}
