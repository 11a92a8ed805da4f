//! Which certificates of other servers are trusted: of those that requests go to, and of PostgreSQL.

pub(crate) mod any_certificate;
mod client;
pub(crate) mod roots;

pub(crate) use self::client::{config, config_without_verification};
