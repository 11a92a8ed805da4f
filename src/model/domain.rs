//! Host names of customers.

use serde::Serialize;
use serde_json::Value;

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

/// Labels of 1 to 63 letters, digits and inner hyphens (RFC 1123, 2.1), after turning the labels
/// of other scripts into their ASCII form (UTS 46).
pub(super) fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric())
    };
    idna::domain_to_ascii(host).is_ok_and(|ascii| ascii.split('.').all(label))
}

/// Which names of other scripts are host names is decided by tables, and not by a pattern.
impl Described for Domain {
    fn schema() -> Schema {
        schema::formatted("idn-hostname").max_length(Some(MAX)).into()
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
        for good in ["localhost", "a-b.c", "1.2.3.4", "münchen.example", "भारत.example"] {
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
