//! What every answer with a page tells the browser, errors and redirects included. For the admin
//! pages and the documentation.

use actix_web::HttpResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

static CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
static CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// What may be kept for good: another content has another address.
pub(crate) const LASTING: &str = "public, max-age=31536000, immutable";

/// What a page's scripts may ask of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scripts {
    /// Nothing.
    AskNothing,
    /// Anything that this server itself answers.
    AskThisServer,
}

impl Scripts {
    /// Nothing is loaded from elsewhere, nothing runs that is not in a script's file, no other site
    /// frames a page or gets a form.
    fn policy(self) -> &'static str {
        match self {
            Self::AskNothing => {
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                 form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            }
            Self::AskThisServer => {
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                 connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            }
        }
    }
}

/// Adds the headers. What says nothing else about it is not kept by any cache.
pub(crate) fn add(response: &mut HttpResponse, scripts: Scripts) {
    let headers = response.headers_mut();
    for (name, value) in [
        (&CONTENT_SECURITY_POLICY, scripts.policy()),
        (&X_FRAME_OPTIONS, "DENY"),
        (&X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (&REFERRER_POLICY, "same-origin"),
        (&CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (&CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
