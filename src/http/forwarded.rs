//! What proxies note about a request in `Forwarded` (RFC 7239) and in the `X-Forwarded` headers.

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};

pub(crate) static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(super) static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What the proxies noted in a header, one for each of them. Bytes that are no text are kept as
/// something that cannot be read: a proxy may have appended its note to them.
pub(super) fn notes(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let mut notes = Vec::new();
    for value in headers.get_all(name) {
        let text = String::from_utf8_lossy(value.as_bytes());
        notes.extend(text.split(',').map(|hop| hop.trim().to_owned()));
    }
    notes
}

/// What the proxy that the client met first has noted in a header.
pub(super) fn first_note(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    notes(headers, name).into_iter().next()
}

/// What it has noted in a parameter of `Forwarded`.
pub(super) fn first_parameter(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let hop = first_note(headers, &FORWARDED)?;
    parameter(&hop, wanted).map(str::to_owned)
}

/// A parameter of one element of `Forwarded`, such as `for="[2001:db8::1]:4711";proto=https`.
pub(super) fn parameter<'e>(element: &'e str, wanted: &str) -> Option<&'e str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case(wanted).then_some(value)
    })
}
