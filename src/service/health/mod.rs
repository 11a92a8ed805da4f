//! The deep health check: whether the server can do its work, and what needs attention.

pub(crate) mod checks;
pub(crate) mod probe;
