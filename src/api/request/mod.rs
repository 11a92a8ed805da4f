//! What happens to a request before its handler runs: checks of headers, API key, rate limit,
//! scope, body, and idempotency key.

mod admission;
pub(super) mod auth;
pub(super) mod body;
pub(super) mod call;
pub(super) mod dispatch;
pub(super) mod faults;
mod idempotency;
pub(super) mod ignored_parameters;
pub(super) mod in_flight;
mod key_state;
pub(super) mod key_verifier;
