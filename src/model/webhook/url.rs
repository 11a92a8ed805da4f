//! An endpoint's URL.

use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};
use serde_json::Value;
use url::{Host, Url};

use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// The maximum length of a URL in characters.
const MAX: usize = 2048;

/// An absolute `http` or `https` URL without credentials or a fragment, normalized according to the
/// WHATWG URL Standard: every notation of an IPv4 address is converted to dotted decimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(Url);

impl EndpointUrl {
    /// # Errors
    /// [`Rule::InvalidString`] or [`Rule::TooBig`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let refuse = |says: &str| Err(Fault::new(Rule::InvalidString, says));
        let text = text.trim();
        if text.chars().nth(MAX).is_some() {
            return Err(Fault::too_long(MAX));
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("must be a URL such as https://example.com/webhooks");
        };
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return refuse("must start with https:// (or http://, for a loopback address)");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not contain a user name or password: they would end up in logs");
        }
        if url.fragment().is_some() {
            return refuse("must not contain a fragment (#…): it is never sent");
        }
        Ok(Self(url))
    }

    /// A URL that was parsed before it was stored.
    ///
    /// # Errors
    /// If it isn't a URL because the file was edited or is damaged.
    pub fn from_stored(text: &str) -> Result<Self, url::ParseError> {
        Url::parse(text).map(Self)
    }

    pub fn as_url(&self) -> &Url {
        &self.0
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns the host: a name, or the address if the URL contains one.
    pub fn host(&self) -> Option<Host<&str>> {
        self.0.host()
    }
}

impl Display for EndpointUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EndpointUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl JsonSchema for EndpointUrl {
    fn schema() -> Schema {
        schema::string().max_length(Some(MAX)).pattern(Some("^[Hh][Tt][Tt][Pp][Ss]?://.")).into()
    }
}

impl FieldValue for EndpointUrl {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(expect_str(value)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_an_address_is_normalized() {
        for text in [
            "http://127.0.0.1/a",
            "http://127.1/a",
            "http://0x7f.1/a",
            "http://2130706433/a",
            "http://0177.0.0.1/a",
            "http://127.0.0.1./a",
            "HTTP://１２７.0.0.1/a",
        ] {
            assert_eq!(EndpointUrl::parse(text).unwrap().as_str(), "http://127.0.0.1/a", "{text}");
        }
    }

    #[test]
    fn unusable_urls_are_refused() {
        for text in [
            "",
            "example.com/hook",
            "/hook",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://",
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "https://example.com/#here",
        ] {
            let refused = EndpointUrl::parse(text).unwrap_err();
            assert_eq!(refused.rule, Rule::InvalidString, "{text}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX));
        assert_eq!(EndpointUrl::parse(&long).unwrap_err().rule, Rule::TooBig);
    }
}
