//! The path below which the server is served.

use std::fmt;

/// The longest base path, in bytes.
const MAX_PATH: usize = 200;

/// The path below which the server is served: empty at the root of its host, otherwise a path
/// without a trailing slash, such as `/pivotal`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(String);

impl BasePath {
    /// Parses an absolute path with or without a trailing slash. The segments consist of unreserved
    /// characters (RFC 3986, 2.3), so the path needs no escaping in a URL, an HTML attribute, or a
    /// cookie.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let is_valid = text.starts_with('/')
            && path.len() <= MAX_PATH
            && path.split('/').skip(1).all(is_segment);
        is_valid.then(|| Self(path.to_owned()))
    }

    /// Returns this path with another one below it.
    pub fn join(&self, below: &Self) -> Option<Self> {
        Self::parse(&format!("{self}{below}/"))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Removes this path from the start of a path. Returns `None` if it isn't below this one.
    pub fn strip<'p>(&self, path: &'p str) -> Option<&'p str> {
        match path.strip_prefix(self.as_str())? {
            "" => Some("/"),
            rest => rest.starts_with('/').then_some(rest),
        }
    }

    pub(super) fn first_segment(&self) -> &str {
        self.0.split('/').nth(1).unwrap_or_default()
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_segment(segment: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn a_base_path_has_ordinary_segments_and_no_trailing_slash() {
        for (text, path) in [
            ("/", ""),
            ("/pivotal", "/pivotal"),
            ("/pivotal/", "/pivotal"),
            ("/tools/pivotal-2.0_~", "/tools/pivotal-2.0_~"),
        ] {
            assert_eq!(BasePath::parse(text).unwrap().as_str(), path);
        }
        let long = format!("/{}", "a".repeat(MAX_PATH));
        for text in [
            "",
            "pivotal",
            "//host",
            "//",
            "/a//b",
            "/a//",
            "/..",
            "/a/../b",
            "/.",
            "/a b",
            "/a\"b",
            "/a'b",
            "/<b>",
            "/a%2fb",
            "/a\\b",
            "/a?b",
            "/a#b",
            "/a;b",
            "/a,b",
            "/ä",
            "/a\r\nb",
            "https://host/a",
            &long,
        ] {
            assert_eq!(BasePath::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_paths_below_the_base_path_are_stripped() {
        let base = BasePath::parse("/pivotal").unwrap();
        assert_eq!(base.strip("/pivotal"), Some("/"));
        assert_eq!(base.strip("/pivotal/"), Some("/"));
        assert_eq!(base.strip("/pivotal/api/v1"), Some("/api/v1"));
        assert_eq!(base.strip("/pivotals"), None);
        assert_eq!(base.strip("/api/v1"), None);
    }

    proptest! {
        #[test]
        fn a_base_path_never_needs_escaping(text in "[ -~/]{0,30}") {
            if let Some(path) = BasePath::parse(&text) {
                let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~".contains(&b);
                prop_assert!(path.as_str().bytes().all(is_plain));
                prop_assert!(!path.as_str().contains("//") && !path.as_str().ends_with('/'));
                let url = Url::parse(&format!("https://host{path}/x")).unwrap();
                prop_assert_eq!(url.path(), format!("{path}/x"));
                prop_assert_eq!(path.strip(url.path()), Some("/x"));
            }
        }
    }
}
