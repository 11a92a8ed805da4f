//! Security headers for every response of the admin pages and the docs, including errors and
//! redirects.

use actix_web::HttpResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

static CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
static CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// The `Cache-Control` of assets whose URL changes with their content.
pub(crate) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The requests that a page's scripts may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchPolicy {
    None,
    SameOrigin,
}

impl FetchPolicy {
    /// Returns the content security policy: no resources from other origins, no inline scripts, no
    /// framing by other sites, and no forms that submit to other sites.
    fn policy(self) -> &'static str {
        match self {
            Self::None => {
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                 form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            }
            Self::SameOrigin => {
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                 connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            }
        }
    }
}

/// Adds the headers. Responses without a `Cache-Control` get `no-store`.
pub(crate) fn add(response: &mut HttpResponse, fetch: FetchPolicy) {
    let headers = response.headers_mut();
    for (name, value) in [
        (&CONTENT_SECURITY_POLICY, fetch.policy()),
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
