//! HTTP code that the API, the admin pages, and the docs share. It doesn't know any endpoint, page,
//! or database.

pub(crate) mod client_address;
pub(crate) mod conditional;
pub(crate) mod connection_state;
pub(crate) mod error_envelope;
pub(crate) mod forwarded;
pub(crate) mod origin;
pub(crate) mod outgoing;
pub(crate) mod peer;
pub(crate) mod public;
pub(crate) mod request_id;
pub(crate) mod request_limits;
pub(crate) mod routing;
pub(crate) mod security_headers;
mod templated_body;
pub(crate) mod trace_context;
pub(crate) mod transfer_timeout;
pub(crate) mod untrusted_proxies;
