//! The `X-Ignored-Parameters` header, which lists unknown query parameters. Without it, a
//! misspelled filter would look like one that matches everything.

use std::fmt::Write;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};

use crate::model::redact::redact;

static HEADER: HeaderName = HeaderName::from_static("x-ignored-parameters");

/// The maximum number of names in the header.
pub(in crate::api) const MAX_NAMES: usize = 10;
/// The length that percent-encoded names are truncated to.
pub(in crate::api) const MAX_LENGTH: usize = 64;

/// Adds the header, unless all query parameters are known.
pub(in crate::api) fn add_header(response: &mut HttpResponse, query: &str, known: &[String]) {
    let names = unknown_names(query, known);
    // Percent-encoded names are visible ASCII, so this is always a valid header value.
    if !names.is_empty()
        && let Ok(value) = HeaderValue::from_str(&names.join(", "))
    {
        response.headers_mut().insert(HEADER.clone(), value);
    }
}

/// Returns the encoded names of the unknown parameters, without duplicates, in the order of the
/// query.
fn unknown_names(query: &str, known: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        if name.is_empty() || known.iter().any(|one| *one == name) {
            continue;
        }
        let name = encode(&redact(&name));
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() == MAX_NAMES {
            break;
        }
    }
    names
}

/// Percent-encodes all but the unreserved characters of URLs (RFC 3986, 2.3), and truncates the
/// name between two characters.
fn encode(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        let before = text.len();
        if letter.is_ascii_alphanumeric() || "-._~".contains(letter) {
            text.push(letter);
        } else {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string never fails.
                let _ = write!(text, "%{byte:02X}");
            }
        }
        if text.len() > MAX_LENGTH {
            text.truncate(before);
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(query: &str) -> Vec<String> {
        unknown_names(query, &["limit".to_owned(), "status".to_owned()])
    }

    #[test]
    fn unknown_names_are_listed_once_in_the_order_sent() {
        assert_eq!(names("limit=5&status=active"), [""; 0]);
        assert_eq!(names("&&=x&=&"), [""; 0]);
        assert_eq!(names("b=1&limit=5&a=2&b=3&Limit=4&c"), ["b", "a", "Limit", "c"]);
    }

    #[test]
    fn the_list_is_bounded() {
        let many: String = (0..1000).map(|n| format!("p{n}=1&")).collect();
        assert_eq!(names(&many).len(), MAX_NAMES);
        assert_eq!(names(&"a".repeat(65)), ["a".repeat(64)]);
        // Names are not truncated within an escape sequence.
        assert_eq!(names(&format!("{}\u{e4}b", "a".repeat(60))), ["a".repeat(60)]);
    }

    proptest! {
        #[test]
        fn the_header_is_valid_and_bounded_for_any_query(
            query in "\\PC{0,200}|[&=%a-z0-9]{0,400}"
        ) {
            let mut response = HttpResponse::Ok().finish();
            add_header(&mut response, &query, &[]);
            if let Some(value) = response.headers().get(&HEADER) {
                prop_assert!(value.len() <= MAX_NAMES * (MAX_LENGTH + 2));
                prop_assert!(value.to_str().is_ok_and(|text| !text.is_empty()));
            } else {
                let mut pairs = url::form_urlencoded::parse(query.as_bytes());
                prop_assert!(pairs.all(|(name, _)| name.is_empty()));
            }
        }
    }
}
