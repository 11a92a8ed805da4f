//! E-mail addresses of contacts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alphabet::Alphabet;
use super::comparison::email_key;
use super::domain::{is_host_name, label_pattern, shown_label_pattern};
use super::invisible::{JOINERS, identifier, refused};
use crate::model::parse::fields::{Property, string};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, Described, Schema};

/// An address with one `@` and a dotted domain, at most 254 characters, in lower case and without a
/// final dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

/// The longest address that can be mailed to (RFC 5321, 4.5.3.1.3, less the angle brackets).
const MAX: usize = 254;

impl Email {
    /// Takes an address as a person typed it.
    ///
    /// # Errors
    /// [`Rule::TooBig`] or [`Rule::InvalidString`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let address = identifier(raw, JOINERS)?.to_lowercase();
        let address = address.strip_suffix('.').unwrap_or(&address);
        if address.chars().take(MAX + 1).count() > MAX {
            return Err(Fault::too_long(MAX));
        }
        let well_formed = address.split_once('@').is_some_and(|(local, domain)| {
            is_local_part(local) && domain.contains('.') && is_host_name(domain, ALSO_IN_HOSTS)
        });
        if !well_formed {
            return Err(refused(address, &[]).unwrap_or_else(malformed));
        }
        Ok(Self(address.to_owned()))
    }

    /// A value that the store reads back: it was parsed before it was written.
    pub fn stored(address: String) -> Self {
        Self(address)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which it compares.
    pub fn key(&self) -> String {
        email_key(&self.0)
    }
}

fn malformed() -> Fault {
    Fault::new(Rule::InvalidString, "must be an e-mail address")
}

/// What the part before the `@` is made of: dots anywhere, since telephone companies gave out
/// addresses such as `k..t.@docomo.example`, and what needs no quotes (RFC 5321, 4.1.2), in any
/// script (RFC 6531).
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

/// What the labels of its domain can hold that those of a host name cannot, and mail is delivered
/// to.
const ALSO_IN_HOSTS: &[char] = &['_'];

fn is_local_part(local: &str) -> bool {
    !local.is_empty() && local.chars().all(|c| LETTERS.has(c))
}

impl Described for Email {
    fn schema() -> Schema {
        let (letter, label) = (LETTERS.class(), shown_label_pattern(ALSO_IN_HOSTS));
        let pattern = format!("^{letter}+@({label}\\.)+{label}$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }
}

impl Property for Email {
    fn accepted() -> Schema {
        let (letter, label) = (LETTERS.visible_class(), label_pattern(ALSO_IN_HOSTS));
        let pattern = format!("^{letter}+@({label}\\.)+{label}\\.?$");
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
    fn addresses_are_lowercased_and_checked() {
        assert_eq!(Email::parse(" Maya@Aurora.Example ").unwrap().as_str(), "maya@aurora.example");
        for good in [
            "a+b@x.io",
            "o'hara@x.co.uk",
            "jörg@münchen.example",
            "k..t@docomo.example",
            ".k.@ezweb.example",
            "k@my_team.example",
            "k@_mail.example",
            "k@نامه\u{200c}ای.example",
        ] {
            assert_eq!(Email::parse(good).unwrap().as_str(), good);
        }
        for dropped in ["\u{feff}k@a.b", "k@a.b\u{200b}", "k@a.b.", "K@A.B. "] {
            assert_eq!(Email::parse(dropped).unwrap().as_str(), "k@a.b", "{dropped:?}");
        }
        for bad in [
            "k\u{200c}t@a.b",
            "k@a\u{200c}.b",
            "k\u{ad}t@a.b",
            "k\u{e0001}t@a.b",
            "k@a.b..",
            "\u{feff}",
        ] {
            assert_eq!(Email::parse(bad).unwrap_err().rule, Rule::InvalidString, "{bad:?}");
        }
        for bad in
            ["", "a", "a@b", "a@@b.c", "a@b@c.d", "@b.c", "a b@c.d", "a@.c", "a@b.", "a@b..c"]
        {
            assert_eq!(Email::parse(bad).unwrap_err().rule, Rule::InvalidString, "{bad}");
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
    fn what_compares_equal_is_kept_as_it_was_sent() {
        let (one, other) = (
            Email::parse("jo\u{308}rg@münchen.example"),
            Email::parse("jörg@xn--mnchen-3ya.example"),
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.key(), other.key());
        assert_ne!(one, other);
    }
}
