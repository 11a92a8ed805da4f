//! The URL at which clients reach the server, which can be below a path of its host.

use std::fmt;

use super::base_path::BasePath;
use super::origin::Origin;

/// The first segments of the paths that the server itself serves. A public URL can't start with one
/// of them: if its path were `/api`, a request for `/api/v1` could be either `/v1` below that path or
/// `/api/v1` from a proxy that has already removed it.
const OWN_SEGMENTS: [&str; 10] = [
    "_test",
    "admin",
    "api",
    "contacts",
    "customers",
    "docs",
    "docs.md",
    "llms-full.txt",
    "llms.txt",
    "onboardings",
];

/// Splits the URL of a server into its origin and its base path. Returns `None` if it has any other
/// parts.
pub fn split(url: &str) -> Option<(Origin, BasePath)> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    // Checked as it is written: the URL standard would resolve `..` and escape characters.
    let path = match &rest[authority.len()..] {
        "" => BasePath::default(),
        path => BasePath::parse(path)?,
    };
    let origin = Origin::parse(&url[..url.len() - rest.len() + authority.len()])?;
    Some((origin, path))
}

/// A URL such as `https://example.com/pivotal/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: Origin,
    path: BasePath,
}

impl PublicUrl {
    /// What a public URL must be; completes the sentence "must be …".
    pub const ALLOWED: &str = "an http or https URL such as \"https://example.com/pivotal/\", \
                               without user, query, and fragment, whose path doesn't start with \
                               one of the server's own (such as /api, /admin, /docs, or /customers)";

    pub fn parse(text: &str) -> Option<Self> {
        let (origin, path) = split(text)?;
        let is_free = !OWN_SEGMENTS.contains(&path.first_segment());
        is_free.then_some(Self { origin, path })
    }

    /// Returns the scheme and the host.
    pub fn origin(&self) -> &str {
        self.origin.as_str()
    }

    pub fn path(&self) -> &BasePath {
        &self.path
    }

    pub fn is_https(&self) -> bool {
        self.origin.as_str().starts_with("https:")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/", self.origin.as_str(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_an_origin_and_a_base_path() {
        for (text, shown) in [
            ("https://example.com", "https://example.com/"),
            ("https://Example.com:443/", "https://example.com/"),
            ("http://example.com:8080/pivotal", "http://example.com:8080/pivotal/"),
            ("https://[::1]/tools/pivotal/", "https://[::1]/tools/pivotal/"),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(PublicUrl::parse(shown), Some(url));
        }
        for text in [
            "",
            "example.com",
            "ftp://example.com/",
            "https://",
            "https://user@example.com/",
            "https://:pass@example.com/",
            "https://example.com/?a",
            "https://example.com/#a",
            "https://example.com/a/../b",
            "https://example.com/a%20b",
            "https://example.com/a b",
            "https://example.com//a",
            "https://example.com\\a",
            "https://example.com/api/",
            "https://example.com/admin",
            "https://example.com/docs/pivotal",
        ] {
            assert_eq!(PublicUrl::parse(text), None, "{text}");
        }
    }
}
