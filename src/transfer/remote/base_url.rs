//! The URL of an API, with or without `/api/v1`.

use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};
use url::{Host, Url};

/// Appended to the URL unless it already ends with it.
const API: &str = "/api/v1";

/// The base URL of an API, which ends with `/api/v1`. Has no user, query, or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// # Errors
    /// Says what is wrong, without repeating the URL: it may contain a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text.trim()).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let refused = "must be an http or https URL, such as https://pivotal.example.com";
        let mut url = url.ok_or(refused)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("can't contain a user or a password; pass the API key in the environment \
                        variable PIVOTAL_API_KEY"
                .into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("can't have a query or a fragment".into());
        }
        let path = url.path().trim_end_matches('/').to_owned();
        if path.ends_with(API) {
            url.set_path(&path);
        } else {
            url.set_path(&format!("{path}{API}"));
        }
        Ok(Self(url))
    }

    /// Returns the URL of a path that begins with a slash. The values of the query are encoded.
    pub(super) fn join(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path()));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Whether everyone on the way can read what is sent, including the key.
    pub fn is_readable_by_others(&self) -> bool {
        let is_loopback = match self.0.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        };
        self.0.scheme() == "http" && !is_loopback
    }
}

impl Display for BaseUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_api_can_be_left_out() {
        for (text, expected) in [
            ("https://pivotal.example.com", "https://pivotal.example.com/api/v1"),
            ("https://pivotal.example.com/", "https://pivotal.example.com/api/v1"),
            ("https://pivotal.example.com/api/v1", "https://pivotal.example.com/api/v1"),
            (" https://pivotal.example.com/api/v1/ ", "https://pivotal.example.com/api/v1"),
            ("http://localhost:8080/pivotal", "http://localhost:8080/pivotal/api/v1"),
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn urls_that_could_not_be_meant_are_refused_without_being_repeated() {
        for text in [
            "pivotal.example.com",
            "ftp://pivotal.example.com",
            "https://",
            "https://me:hunter2@pivotal.example.com",
            "https://hunter2@pivotal.example.com",
            "https://pivotal.example.com?key=hunter2",
            "https://pivotal.example.com#hunter2",
        ] {
            assert!(!BaseUrl::parse(text).unwrap_err().contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_query_is_encoded() {
        let base = BaseUrl::parse("https://pivotal.example.com").unwrap();
        let query = [("limit", "100"), ("cursor", "2026-01-01T00:00:00+01:00")];
        assert_eq!(
            base.join("/customers", &query).as_str(),
            "https://pivotal.example.com/api/v1/customers?limit=100&cursor=2026-01-01T00%3A00%3A00%2B01%3A00"
        );
    }

    #[test]
    fn only_http_to_another_machine_can_be_read_by_others() {
        for (text, expected) in [
            ("http://pivotal.example.com", true),
            ("http://192.0.2.7", true),
            ("https://pivotal.example.com", false),
            ("http://localhost:8080", false),
            ("http://127.0.0.2:8080", false),
            ("http://[::1]:8080", false),
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap().is_readable_by_others(), expected, "{text}");
        }
    }
}
