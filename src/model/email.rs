//! E-mail addresses of contacts.

use serde::Serialize;
use serde_json::Value;

use super::alphabet::Alphabet;
use super::domain::{is_host_name, label_pattern};
use super::fields::Property;
use super::problem::{Fault, Rule};
use super::schema::{self, Described, Schema};
use super::text::{clean, string};

/// An address with one `@` and a dotted domain, at most 254 characters, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
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
        let address = clean(raw)?.to_lowercase();
        if address.chars().take(MAX + 1).count() > MAX {
            return Err(Fault::new(Rule::TooBig, format!("must be at most {MAX} characters")));
        }
        let well_formed = address.split_once('@').is_some_and(|(local, domain)| {
            is_local_part(local) && domain.contains('.') && is_host_name(domain)
        });
        if !well_formed {
            return Err(Fault::new(Rule::InvalidString, "must be an e-mail address"));
        }
        Ok(Self(address))
    }

    /// A value that the store reads back: it was parsed before it was written.
    pub fn stored(address: String) -> Self {
        Self(address)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the part before the `@` is made of beside dots: what needs no quotes (RFC 5321, 4.1.2), in
/// any script (RFC 6531), and is visible.
const LETTERS: Alphabet = Alphabet(&[
    ('\0', ' '),
    ('"', '"'),
    ('(', ')'),
    (',', ','),
    ('.', '.'),
    (':', '<'),
    ('>', '>'),
    ('@', '@'),
    ('[', ']'),
    ('\u{7f}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{206f}'),
    ('\u{3000}', '\u{3000}'),
]);

fn is_local_part(local: &str) -> bool {
    local.split('.').all(|word| !word.is_empty() && word.chars().all(|c| LETTERS.has(c)))
}

impl Described for Email {
    fn schema() -> Schema {
        let (word, label) = (LETTERS.class(), label_pattern());
        let pattern = format!("^{word}+(\\.{word}+)*@({label}\\.)+{label}$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }
}

impl Property for Email {
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
        for good in ["a+b@x.io", "o'hara@x.co.uk", "jörg@münchen.example"] {
            assert!(Email::parse(good).is_ok(), "{good}");
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
}
