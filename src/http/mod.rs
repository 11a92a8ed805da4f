//! HTTP that the API, the pages and the docs share: client addresses, headers, request ids, bodies
//! and their pace. Knows no endpoint, no page and no database.

pub(crate) mod address;
pub(crate) mod conditional;
pub(crate) mod exchange;
mod forwarded;
pub(crate) mod headers;
pub(crate) mod incoming;
pub(crate) mod origin;
pub(crate) mod pace;
pub(crate) mod readdressed;
pub(crate) mod request_id;
pub(crate) mod routing;
pub(crate) mod untrusted_proxies;
