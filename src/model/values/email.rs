//! Email addresses of contacts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alphabet::Alphabet;
use super::domain::{input_label_pattern, is_host_name, response_label_pattern};
use super::invisible::{JOINERS, invisible_fault, trim_identifier};
use super::normalize::email_key;
use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// An email address with one `@` and a domain that contains a dot: at most 254 characters, in
/// lowercase, without a trailing dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

/// The longest address that email can be sent to: RFC 5321, section 4.5.3.1.3, allows 256
/// characters, including angle brackets.
const MAX: usize = 254;

impl Email {
    /// Trims, lowercases, and validates an address.
    ///
    /// # Errors
    /// [`Rule::TooBig`] or [`Rule::InvalidString`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let address = trim_identifier(raw, JOINERS)?.to_lowercase();
        let address = address.strip_suffix('.').unwrap_or(&address);
        if address.chars().take(MAX + 1).count() > MAX {
            return Err(Fault::too_long(MAX));
        }
        let well_formed = address.split_once('@').is_some_and(|(local, domain)| {
            is_local_part(local) && domain.contains('.') && is_host_name(domain, ALSO_IN_HOSTS)
        });
        if !well_formed {
            return Err(invisible_fault(address, &[]).unwrap_or_else(malformed));
        }
        Ok(Self(address.to_owned()))
    }

    /// Restores a stored value. It was validated before it was stored.
    pub fn from_stored(address: String) -> Self {
        Self(address)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the normalized form for comparisons.
    pub fn key(&self) -> String {
        email_key(&self.0)
    }
}

fn malformed() -> Fault {
    Fault::new(Rule::InvalidString, "must be an email address, such as maya@aurora.example")
}

/// The characters of the part before the `@`: those that don't need quotes (RFC 5321, section
/// 4.1.2), in any script (RFC 6531). Dots are allowed anywhere, because mobile carriers used to
/// issue addresses such as `k..t.@docomo.example`.
const LETTERS: Alphabet = Alphabet(&[
    ('\0', ' '),
    ('"', '"'),
    ('(', ')'),
    (',', ','),
    (':', '<'),
    ('>', '>'),
    ('@', '@'),
    ('[', ']'),
    ('\u{7f}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{206f}'),
    ('\u{3000}', '\u{3000}'),
]);

/// Characters that host names can't contain, but that occur in domains with working email.
const ALSO_IN_HOSTS: &[char] = &['_'];

fn is_local_part(local: &str) -> bool {
    !local.is_empty() && local.chars().all(|c| LETTERS.contains(c))
}

impl JsonSchema for Email {
    fn schema() -> Schema {
        let (letter, label) = (LETTERS.class(), response_label_pattern(ALSO_IN_HOSTS));
        let pattern = format!("^{letter}+@({label}\\.)+{label}$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }
}

impl FieldValue for Email {
    fn input_schema() -> Schema {
        let (letter, label) = (LETTERS.visible_class(), input_label_pattern(ALSO_IN_HOSTS));
        let pattern = format!("^{letter}+@({label}\\.)+{label}\\.?$");
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
    fn addresses_are_lowercased_and_validated() {
        assert_eq!(Email::parse(" Maya@Aurora.Example ").unwrap().as_str(), "maya@aurora.example");
        for valid in [
            "a+b@x.io",
            "o'hara@x.co.uk",
            "jörg@münchen.example",
            "k..t@docomo.example",
            ".k.@ezweb.example",
            "k@my_team.example",
            "k@_mail.example",
            "k@نامه\u{200c}ای.example",
        ] {
            assert_eq!(Email::parse(valid).unwrap().as_str(), valid);
        }
        for input in ["\u{feff}k@a.b", "k@a.b\u{200b}", "k@a.b.", "K@A.B. "] {
            assert_eq!(Email::parse(input).unwrap().as_str(), "k@a.b", "{input:?}");
        }
        for invalid in [
            "k\u{200c}t@a.b",
            "k@a\u{200c}.b",
            "k\u{ad}t@a.b",
            "k\u{e0001}t@a.b",
            "k@a.b..",
            "\u{feff}",
        ] {
            assert_eq!(Email::parse(invalid).unwrap_err().rule, Rule::InvalidString, "{invalid:?}");
        }
        for invalid in
            ["", "a", "a@b", "a@@b.c", "a@b@c.d", "@b.c", "a b@c.d", "a@.c", "a@b.", "a@b..c"]
        {
            assert_eq!(Email::parse(invalid).unwrap_err().rule, Rule::InvalidString, "{invalid}");
        }
        let longest = format!(
            "{}@{}.{}.{}.example",
            "a".repeat(60),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(57)
        );
        assert_eq!(longest.len(), 254);
        assert!(Email::parse(&longest).is_ok());
        assert_eq!(Email::parse(&format!("x{longest}")).unwrap_err().rule, Rule::TooBig);
    }

    #[test]
    fn addresses_with_equal_keys_keep_their_own_spelling() {
        let (one, other) = (
            Email::parse("jo\u{308}rg@münchen.example"),
            Email::parse("jörg@xn--mnchen-3ya.example"),
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.key(), other.key());
        assert_ne!(one, other);
    }
}
