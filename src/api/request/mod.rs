//! What happens to a request before its handler runs: headers, key, rate limit, scope, body,
//! idempotency.

pub(super) mod auth;
pub(super) mod body;
pub(super) mod call;
pub(super) mod idempotency;
pub(super) mod ignored;
pub(super) mod running;
pub(super) mod verifier;
