//! Cross-origin requests: which pages of other sites can call the API from a browser.

use actix_cors::Cors;
use actix_web::http::Method;

use crate::model::web::origin::AllowedOrigins;

/// Headers that scripts can send.
const REQUEST_HEADERS: [&str; 5] =
    ["Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id", "traceparent"];

/// Headers of responses that scripts can read, in addition to the few that they always can.
const RESPONSE_HEADERS: [&str; 9] = [
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Retry-After",
    "X-Ignored-Parameters",
    "X-Request-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
];

/// How many seconds a browser can remember the response to a preflight request. No browser
/// remembers it for longer than a day.
const MAX_AGE: usize = 60 * 60;

/// Returns the middleware for these origins, or `None` if there are none. It responds to preflight
/// requests itself, before authentication and rate limits. Cookies are never allowed: the API
/// authenticates with keys only.
pub(crate) fn middleware(allowed: &AllowedOrigins) -> Option<Cors> {
    let cors = Cors::default();
    let cors = match allowed {
        AllowedOrigins::None => return None,
        AllowedOrigins::Any => cors.allow_any_origin().send_wildcard(),
        AllowedOrigins::Only(origins) => {
            origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin.as_str()))
        }
    };
    let cors = cors
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE])
        .allowed_headers(REQUEST_HEADERS)
        .expose_headers(RESPONSE_HEADERS)
        .max_age(MAX_AGE)
        // A request from elsewhere is not the server's to refuse: the browser keeps the response
        // from the page.
        .block_on_origin_mismatch(false);
    Some(cors)
}
