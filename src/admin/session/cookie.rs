//! The cookies of the admin pages. Every visitor, signed in or not, gets one with a random token.
//! `flash.rs` has the other one.

use actix_web::HttpResponse;
use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use blake2::{Blake2s256, Digest};

use crate::model::hex::random_hex;
use crate::model::web::base_path::BasePath;

const NAME: &str = "pivotal_admin";
/// The prefix of the name over TLS. Browsers accept a cookie with the `__Host-` prefix only over TLS and only
/// from this exact host, so neither a sibling host nor an attacker on the network can plant one.
const HOST_PREFIX: &str = "__Host-";
/// Random bytes in a token.
const BYTES: usize = 32;

/// How the client reaches the server, which decides the name and the attributes of the cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::admin) struct CookieScope {
    pub over_tls: bool,
    /// The path below which the server is served.
    pub base_path: BasePath,
}

impl CookieScope {
    /// Returns the name of a cookie, which contains the base path, so that two servers on the same
    /// host don't overwrite each other's cookie. A path alone would not separate them: `__Host-`
    /// cookies are for the whole host, and a cookie for `/` is also sent to `/pivotal`.
    fn name(&self, name: &str) -> String {
        let prefix = if self.over_tls { HOST_PREFIX } else { "" };
        format!("{prefix}{name}{}", self.base_path.as_str().replace('/', "+"))
    }

    /// Returns the value of a cookie. Returns `None` if several cookies have its name. Over TLS only
    /// the `__Host-` cookie counts: sibling hosts can set the other one.
    pub fn read<'h>(&self, headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
        let lines = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';'));
        let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        let expected = self.name(name);
        let mut values = pairs.filter(|(name, _)| *name == expected).map(|(_, value)| value);
        values.next().filter(|_| values.next().is_none())
    }

    /// Sets a cookie that isn't sent with requests from other sites and can't be read by scripts. It
    /// ends with the browser session, or at once if it has no value.
    pub fn set(&self, response: &mut HttpResponse, name: &str, value: &str) {
        let (name, path) = (self.name(name), self.path());
        let secure = if self.over_tls { "; Secure" } else { "" };
        let age = if value.is_empty() { "; Max-Age=0" } else { "" };
        let text = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Strict{age}{secure}");
        // Cannot fail: values are ASCII.
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }

    fn path(&self) -> &str {
        // The `__Host-` prefix requires the path of the whole host.
        if self.over_tls || self.base_path.is_empty() { "/" } else { self.base_path.as_str() }
    }
}

/// A session token, as hexadecimal digits. It is a secret: anyone who has it has the session.
#[derive(Clone)]
pub(in crate::admin) struct Token(String);

impl Token {
    /// Generates a token from the operating system's random source.
    pub fn generate() -> Result<Self, getrandom::Error> {
        random_hex(BYTES).map(Self)
    }

    /// Reads the token from a request's cookies. Returns `None` if it is malformed or if several
    /// cookies have the expected name.
    pub fn from_cookies(headers: &HeaderMap, scope: &CookieScope) -> Option<Self> {
        let value = scope.read(headers, NAME)?;
        let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (value.len() == 2 * BYTES && value.bytes().all(digits)).then(|| Self(value.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the digest that the session is stored under.
    pub fn digest(&self) -> [u8; 32] {
        Blake2s256::digest(self.0.as_bytes()).into()
    }

    pub fn set_cookie(&self, response: &mut HttpResponse, scope: &CookieScope) {
        scope.set(response, NAME, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<String> {
        read_over(false, line)
    }

    fn read_over(tls: bool, line: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(line).unwrap());
        let scope = CookieScope { over_tls: tls, ..CookieScope::default() };
        Token::from_cookies(&headers, &scope).map(|token| token.0)
    }

    #[test]
    fn a_token_is_found_among_other_cookies() {
        let token = Token::generate().unwrap();
        let line = format!("theme=dark; {NAME}={}; x=y=z", token.as_str());
        assert_eq!(read(&line).as_deref(), Some(token.as_str()));
    }

    #[test]
    fn plain_and_tls_connections_use_different_cookies() {
        let (zeros, ones) = ("0".repeat(64), "1".repeat(64));
        let (plain, host) = (format!("{NAME}={zeros}"), format!("{HOST_PREFIX}{NAME}={ones}"));
        for line in [format!("{plain}; {host}"), format!("{host}; {plain}")] {
            assert_eq!(read_over(true, &line).as_deref(), Some(ones.as_str()));
            assert_eq!(read_over(false, &line).as_deref(), Some(zeros.as_str()));
        }
        assert_eq!((read_over(true, &plain), read_over(false, &host)), (None, None));
        assert_eq!(read_over(true, &format!("{host}; {host}")), None);
    }

    #[test]
    fn below_a_path_the_cookie_has_a_name_of_its_own() {
        let cookie = |over_tls, path| {
            let base_path = BasePath::parse(path).unwrap();
            let mut response = HttpResponse::Ok().finish();
            let token = Token("0".repeat(64));
            token.set_cookie(&mut response, &CookieScope { over_tls, base_path });
            let line = response.headers().get(SET_COOKIE).unwrap().to_str().unwrap().to_owned();
            line.replace(&"0".repeat(64), "0")
        };
        let end = "HttpOnly; SameSite=Strict";
        assert_eq!(cookie(false, "/"), format!("pivotal_admin=0; Path=/; {end}"));
        assert_eq!(cookie(false, "/a/b"), format!("pivotal_admin+a+b=0; Path=/a/b; {end}"));
        assert_eq!(cookie(true, "/"), format!("__Host-pivotal_admin=0; Path=/; {end}; Secure"));
        assert_eq!(cookie(true, "/a"), format!("__Host-pivotal_admin+a=0; Path=/; {end}; Secure"));
    }

    #[test]
    fn malformed_and_duplicate_tokens_are_ignored() {
        let zeros = "0".repeat(64);
        for malformed in ["", "x", &"0".repeat(63), &"A".repeat(64), &"g".repeat(64)] {
            assert_eq!(read(&format!("{NAME}={malformed}")), None, "{malformed}");
        }
        assert_eq!(read(&format!("{NAME}={zeros}; {NAME}={zeros}")), None);
    }
}
