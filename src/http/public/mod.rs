//! How clients and browsers reach the server: its URL, the path that it is served below, and
//! requests from pages of other origins.

pub(crate) mod base_url;
pub(crate) mod cors;
pub(super) mod links;
pub(crate) mod mount;
