//! The one cookie of the pages: a random token that every visitor has, signed in or not. For
//! `visit` and whatever gives a visitor a new one.

use actix_web::HttpResponse;
use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use blake2::{Blake2s256, Digest};

use crate::model::hex::random_hex;

const NAME: &str = "pivotal_admin";
/// Its name over TLS. Browsers take a cookie of such a name only from the very host, and over TLS:
/// none that a neighbouring host or somebody on the wire has planted.
const NAME_OVER_TLS: &str = "__Host-pivotal_admin";
/// Random bytes of a token.
const BYTES: usize = 32;

/// A visitor's token, in hexadecimal digits. It is a secret: whoever has it is the visitor.
#[derive(Clone)]
pub(in crate::admin) struct Token(String);

impl Token {
    /// A new one from the operating system's random source.
    pub fn generate() -> Result<Self, getrandom::Error> {
        random_hex(BYTES).map(Self)
    }

    /// The token that a request brings, if it is one and the only one of the name that it has on
    /// such a connection: over TLS, what another site of the domain has set is not looked at.
    pub fn from_cookies(headers: &HeaderMap, over_tls: bool) -> Option<Self> {
        let lines = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';'));
        let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        let wanted = if over_tls { NAME_OVER_TLS } else { NAME };
        let mut ours = pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value);
        let value = ours.next().filter(|_| ours.next().is_none())?;
        let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (value.len() == 2 * BYTES && value.bytes().all(digits)).then(|| Self(value.to_owned()))
    }

    /// The token's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept in its place.
    pub fn digest(&self) -> [u8; 32] {
        Blake2s256::digest(self.0.as_bytes()).into()
    }

    /// Gives the token to the visitor. It ends with the browser, is sent with nothing that another
    /// site begins, and cannot be read by scripts.
    pub fn set_cookie(&self, response: &mut HttpResponse, over_tls: bool) {
        let (name, secure) = if over_tls { (NAME_OVER_TLS, "; Secure") } else { (NAME, "") };
        let text = format!("{name}={}; Path=/; HttpOnly; SameSite=Strict{secure}", self.0);
        // Digits and the words above always make a header.
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
    fn a_token_is_read_from_among_other_cookies() {
        let token = Token::generate().unwrap();
        let line = format!("theme=dark; {NAME}={}; x=y=z", token.as_str());
        assert_eq!(read(&line).as_deref(), Some(token.as_str()));
    }

    #[test]
    fn each_kind_of_connection_has_a_token_of_its_own() {
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
    fn what_cannot_be_a_token_or_is_there_twice_is_none() {
        let zeros = "0".repeat(64);
        for odd in ["", "x", &"0".repeat(63), &"A".repeat(64), &"g".repeat(64)] {
            assert_eq!(read(&format!("{NAME}={odd}")), None, "{odd}");
        }
        assert_eq!(read(&format!("{NAME}={zeros}; {NAME}={zeros}")), None);
    }
}
