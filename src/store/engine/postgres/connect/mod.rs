//! Connecting to PostgreSQL: from the URL of a database to pools of connections to its primary.

pub(in crate::store) mod connector;
pub(in crate::store) mod pool;
pub(in crate::store) mod session;
#[cfg(test)]
mod tests;
pub(in crate::store) mod tls;
mod verifier;
pub(in crate::store) mod version;
