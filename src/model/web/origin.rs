//! Web origins: a scheme, a host, and a port.

use url::Url;

/// The origin of a web page or a server, such as `https://app.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Parses an origin, and normalizes its case and port. Returns `None` if there is anything after
    /// the port.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, host) = text.split_once("://")?;
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        if !matches!(scheme, "http" | "https") || !host.bytes().all(is_allowed) {
            return None;
        }
        let url = Url::parse(text).ok()?;
        // Hosts that the URL standard accepts but that can't exist, such as `..`.
        let is_host = url.domain().is_none_or(|name| {
            name.strip_suffix('.').unwrap_or(name).split('.').all(|label| !label.is_empty())
        });
        is_host.then(|| Self(url.origin().ascii_serialization()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The origins whose pages can call the API from a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowedOrigins {
    #[default]
    None,
    Any,
    Only(Vec<Origin>),
}

impl AllowedOrigins {
    /// What the list of origins must be; completes the sentence "must be …".
    pub const ALLOWED: &str = "a list of origins without a path, such as [\"https://app.example.com\"], or [\"*\"] for all";

    pub fn parse(origins: &[String]) -> Option<Self> {
        match origins {
            [] => Some(Self::None),
            [any] if any == "*" => Some(Self::Any),
            _ => Some(Self::Only(
                origins.iter().map(|text| Origin::parse(text)).collect::<Option<_>>()?,
            )),
        }
    }

    /// Returns the list as it is written in the settings.
    pub fn to_list(&self) -> Vec<&str> {
        match self {
            Self::None => Vec::new(),
            Self::Any => vec!["*"],
            Self::Only(origins) => origins.iter().map(Origin::as_str).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_a_host_and_maybe_a_port() {
        for (text, origin) in [
            ("https://app.example.com", "https://app.example.com"),
            ("https://App.Example.com:443", "https://app.example.com"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), origin);
        }
        for text in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "https://u@a",
            "https://a b",
            "https://..",
            "https://a..b",
            "https://a:b",
            "ftp://a",
            "https://*.example.com",
            " https://a",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }

    #[test]
    fn all_origins_are_allowed_only_by_a_star_of_its_own() {
        let parse = |list: &[&str]| {
            AllowedOrigins::parse(&list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(parse(&[]), Some(AllowedOrigins::None));
        assert_eq!(parse(&["*"]), Some(AllowedOrigins::Any));
        assert_eq!(parse(&["*", "https://a.example"]), None);
        let two = parse(&["https://a.example", "http://b.example:8080"]).unwrap();
        assert_eq!(two.to_list(), ["https://a.example", "http://b.example:8080"]);
    }
}
