//! The headers in which proxies describe the original request: `Forwarded` (RFC 7239) and the
//! `X-Forwarded` headers.

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};

pub(crate) static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(crate) static X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
pub(crate) static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Returns the comma-separated values of a header, one per proxy. Invalid UTF-8 is replaced and not
/// dropped, because a proxy may have appended its value to it.
pub(super) fn values(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let mut values = Vec::new();
    for value in headers.get_all(name) {
        let text = String::from_utf8_lossy(value.as_bytes());
        values.extend(text.split(',').map(|hop| hop.trim().to_owned()));
    }
    values
}

/// Returns the first value of a header, which the proxy closest to the client wrote.
pub(super) fn first_value(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    values(headers, name).into_iter().next()
}

/// Returns a parameter of the first element of `Forwarded`.
pub(super) fn first_forwarded_parameter(headers: &HeaderMap, name: &str) -> Option<String> {
    let hop = first_value(headers, &FORWARDED)?;
    find_parameter(&hop, name).map(str::to_owned)
}

/// Returns a parameter of an element of `Forwarded`, such as
/// `for="[2001:db8::1]:4711";proto=https`.
pub(super) fn find_parameter<'e>(element: &'e str, wanted: &str) -> Option<&'e str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case(wanted).then_some(value)
    })
}
