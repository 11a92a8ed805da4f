//! Whether a form was made for the visitor who sends it. `visit` asks for every POST.

use actix_web::http::header::{HeaderMap, HeaderName};
use blake2::Blake2sMac256;
use blake2::digest::common::KeyInit;
use blake2::digest::{CtOutput, Mac};

use super::cookie::Token;
use crate::model::hex::hex;

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A secret of the process, with which texts are sealed and compared.
pub(in crate::admin) struct Seal([u8; 32]);

impl Seal {
    /// A new one, so that no form outlives the process.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self(key))
    }

    /// What forms carry as `csrf`: it cannot be made without the process's secret, and tells
    /// nothing of the token.
    pub fn csrf(&self, token: &Token) -> String {
        hex(&self.on(token.as_str()).into_bytes())
    }

    /// What a form that must not be done twice is remembered by: what it carries as `once`, and
    /// what it does.
    pub fn form(&self, once: &str, does: &str) -> [u8; 32] {
        self.on(&format!("{does} {once}")).into_bytes().into()
    }

    /// Whether two texts are the same. It takes the same time for all that are not.
    pub fn same(&self, one: &str, other: &str) -> bool {
        self.on(one) == self.on(other)
    }

    fn on(&self, text: &str) -> CtOutput<Blake2sMac256> {
        let mut mac = Blake2sMac256::new(&self.0.into());
        mac.update(text.as_bytes());
        mac.finalize()
    }
}

/// What a browser says of the page that began a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Origin {
    /// One of these pages, or the person.
    Own,
    /// A page of some other site.
    Foreign,
    /// Nothing: the browser is old, or the connection is not trustworthy to it.
    Unknown,
}

/// From where a request was begun.
pub(in crate::admin) fn origin(headers: &HeaderMap) -> Origin {
    match headers.get(&SEC_FETCH_SITE).map(|value| value.as_bytes()) {
        None => Origin::Unknown,
        Some(b"same-origin" | b"none") => Origin::Own,
        Some(_) => Origin::Foreign,
    }
}
