//! What every answer of the pages tells the browser, errors and redirects included.

use actix_web::HttpResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

static CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
static CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Nothing is loaded from elsewhere, nothing runs that is not in the script's file, no other site
/// frames a page or gets a form.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Adds the headers. What says nothing else about it is not kept by any cache.
pub(super) fn add(response: &mut HttpResponse) {
    let headers = response.headers_mut();
    for (name, value) in [
        (&CONTENT_SECURITY_POLICY, POLICY),
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
