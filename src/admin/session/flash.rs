//! The flash message: what the page after a redirect shows once. It is in a cookie, so that any
//! server can show it, and no server has to store it.

use actix_web::HttpResponse;
use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::cookie::{CookieScope, Token};
use super::csrf::MacKey;

const NAME: &str = "pivotal_admin_flash";
/// The longest message, in bytes. Browsers keep cookies of up to 4 KiB.
const MAX_LENGTH: usize = 2_000;

/// Reads the message from a request's cookies. Returns `None` if this server, or another one with the
/// same database, has not set it for the browser with this token.
pub(in crate::admin) fn read(
    headers: &HeaderMap,
    scope: &CookieScope,
    key: &MacKey,
    token: &Token,
) -> Option<String> {
    let (encoded, mac) = scope.read(headers, NAME)?.split_once('.')?;
    let message = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
    key.constant_time_eq(&key.sign_flash(token, &message), mac).then_some(message)
}

/// Sets the message that the next page shows.
pub(in crate::admin) fn set(
    response: &mut HttpResponse,
    scope: &CookieScope,
    key: &MacKey,
    token: &Token,
    message: &str,
) {
    let end = (0..=message.len().min(MAX_LENGTH)).rev().find(|&at| message.is_char_boundary(at));
    let message = &message[..end.unwrap_or(0)];
    let mac = key.sign_flash(token, message);
    let value = format!("{}.{mac}", BASE64_URL_SAFE_NO_PAD.encode(message));
    scope.set(response, NAME, &value);
}

/// Removes the message, because it was shown.
pub(in crate::admin) fn clear(response: &mut HttpResponse, scope: &CookieScope) {
    scope.set(response, NAME, "");
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{COOKIE, HeaderValue, SET_COOKIE};

    use super::*;
    use crate::model::key::checksum::ChecksumSecret;

    fn key(secret: u8) -> MacKey {
        MacKey::of_database(&ChecksumSecret::from_stored([secret; 32]))
    }

    /// What a server sets, as the headers of the browser's next request.
    fn next_request(set: impl FnOnce(&mut HttpResponse)) -> (HeaderMap, String) {
        let mut response = HttpResponse::Ok().finish();
        set(&mut response);
        let line = response.headers().get(SET_COOKIE).unwrap().to_str().unwrap().to_owned();
        let cookie = line.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
        (headers, line)
    }

    #[test]
    fn a_message_is_shown_by_all_servers_of_a_database_to_one_browser() {
        let (scope, token) = (CookieScope::default(), Token::generate().unwrap());
        let message = "“Größe” was saved; done.";
        let (headers, _) = next_request(|response| set(response, &scope, &key(1), &token, message));
        assert_eq!(read(&headers, &scope, &key(1), &token).as_deref(), Some(message));
        let other = Token::generate().unwrap();
        assert_eq!(read(&headers, &scope, &key(1), &other), None, "another browser");
        assert_eq!(read(&headers, &scope, &key(2), &token), None, "another database");
        let over_tls = CookieScope { over_tls: true, ..CookieScope::default() };
        assert_eq!(read(&headers, &over_tls, &key(1), &token), None, "a sibling host");
    }

    #[test]
    fn a_message_that_was_changed_is_ignored() {
        let (scope, token) = (CookieScope::default(), Token::generate().unwrap());
        for forged in ["", "x", ".", "eA.", "eA.00", "!.00"] {
            let mut headers = HeaderMap::new();
            let cookie = HeaderValue::from_str(&format!("{NAME}={forged}")).unwrap();
            headers.insert(COOKIE, cookie);
            assert_eq!(read(&headers, &scope, &key(1), &token), None, "{forged}");
        }
    }

    #[test]
    fn a_long_message_is_cut_and_a_message_that_was_shown_is_removed() {
        let (scope, token) = (CookieScope::default(), Token::generate().unwrap());
        let long = "ü".repeat(3000);
        let (headers, line) =
            next_request(|response| set(response, &scope, &key(1), &token, &long));
        assert!(line.len() < 4096);
        assert_eq!(read(&headers, &scope, &key(1), &token).unwrap(), "ü".repeat(1000));
        let (headers, line) = next_request(|response| clear(response, &scope));
        assert_eq!(read(&headers, &scope, &key(1), &token), None);
        let expected = "pivotal_admin_flash=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";
        assert_eq!(line, expected);
    }
}
