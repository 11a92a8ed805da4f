//! CSRF protection: checks that a form was rendered for the browser that submits it. `visit` checks
//! every POST.

use actix_web::http::header::{HeaderMap, HeaderName};
use blake2::Blake2sMac256;
use blake2::digest::common::KeyInit;
use blake2::digest::{CtOutput, Mac};

use super::cookie::Token;
use crate::model::hex::hex;
use crate::model::key::checksum::ChecksumSecret;

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A MAC key, the same on all servers of a database: a form that one of them has rendered can be
/// submitted to another one.
pub(in crate::admin) struct MacKey([u8; 32]);

impl MacKey {
    pub fn of_database(secret: &ChecksumSecret) -> Self {
        Self(secret.derive("forms of the admin pages"))
    }

    /// Returns the CSRF token for a session token. It cannot be forged without the key and reveals
    /// nothing about the session token.
    pub fn csrf_token(&self, token: &Token) -> String {
        hex(&self.mac(token.as_str()).into_bytes())
    }

    /// Returns the digest that identifies one submission of a form, from the form's one-time token
    /// and its action.
    pub fn submission_digest(&self, once: &str, action: &str) -> [u8; 32] {
        self.mac(&format!("{action} {once}")).into_bytes().into()
    }

    /// Returns what proves that a flash message is from this server and for the browser with this
    /// token.
    pub fn sign_flash(&self, token: &Token, message: &str) -> String {
        hex(&self.mac(&format!("flash {} {message}", token.as_str())).into_bytes())
    }

    /// Compares two strings in constant time.
    pub fn constant_time_eq(&self, one: &str, other: &str) -> bool {
        self.mac(one) == self.mac(other)
    }

    fn mac(&self, text: &str) -> CtOutput<Blake2sMac256> {
        let mut mac = Blake2sMac256::new(&self.0.into());
        mac.update(text.as_bytes());
        mac.finalize()
    }
}

/// Which site started a request, according to the browser's `Sec-Fetch-Site` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum FetchSite {
    /// One of these pages, or the user (typed URL, bookmark).
    Own,
    CrossSite,
    /// The header is missing: old browsers don't send it, and no browser does over an untrustworthy
    /// connection.
    Unknown,
}

impl FetchSite {
    pub fn from_headers(headers: &HeaderMap) -> Self {
        match headers.get(&SEC_FETCH_SITE).map(|value| value.as_bytes()) {
            None => Self::Unknown,
            Some(b"same-origin" | b"none") => Self::Own,
            Some(_) => Self::CrossSite,
        }
    }
}
