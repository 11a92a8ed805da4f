//! The session cookie, the only cookie that the admin pages set. Every visitor, signed in or not,
//! gets one with a random token.

use actix_web::HttpResponse;
use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use blake2::{Blake2s256, Digest};

use crate::model::hex::random_hex;

const NAME: &str = "pivotal_admin";
/// The name over TLS. Browsers accept a cookie with the `__Host-` prefix only over TLS and only
/// from this exact host, so neither a sibling host nor an attacker on the network can plant one.
const NAME_OVER_TLS: &str = "__Host-pivotal_admin";
/// Random bytes in a token.
const BYTES: usize = 32;

/// A session token, as hexadecimal digits. It is a secret: anyone who has it has the session.
#[derive(Clone)]
pub(in crate::admin) struct Token(String);

impl Token {
    /// Generates a token from the operating system's random source.
    pub fn generate() -> Result<Self, getrandom::Error> {
        random_hex(BYTES).map(Self)
    }

    /// Reads the token from a request's cookies. Returns `None` if it is malformed or if several
    /// cookies have the expected name. Over TLS only the `__Host-` cookie counts: sibling hosts can
    /// set the other one.
    pub fn from_cookies(headers: &HeaderMap, over_tls: bool) -> Option<Self> {
        let lines = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';'));
        let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        let expected = if over_tls { NAME_OVER_TLS } else { NAME };
        let mut tokens = pairs.filter(|(name, _)| *name == expected).map(|(_, value)| value);
        let value = tokens.next().filter(|_| tokens.next().is_none())?;
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

    /// Sets the token as a cookie that ends with the browser session, isn't sent with requests from
    /// other sites, and can't be read by scripts.
    pub fn set_cookie(&self, response: &mut HttpResponse, over_tls: bool) {
        let (name, secure) = if over_tls { (NAME_OVER_TLS, "; Secure") } else { (NAME, "") };
        let text = format!("{name}={}; Path=/; HttpOnly; SameSite=Strict{secure}", self.0);
        // Cannot fail: the value is ASCII.
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(SET_COOKIE, value);
        }
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
        Token::from_cookies(&headers, tls).map(|token| token.0)
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
        let (plain, host) = (format!("{NAME}={zeros}"), format!("{NAME_OVER_TLS}={ones}"));
        for line in [format!("{plain}; {host}"), format!("{host}; {plain}")] {
            assert_eq!(read_over(true, &line).as_deref(), Some(ones.as_str()));
            assert_eq!(read_over(false, &line).as_deref(), Some(zeros.as_str()));
        }
        assert_eq!((read_over(true, &plain), read_over(false, &host)), (None, None));
        assert_eq!(read_over(true, &format!("{host}; {host}")), None);
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
