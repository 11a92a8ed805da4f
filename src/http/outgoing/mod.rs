//! What requests to other servers have in common.

pub(crate) mod cause;
pub(crate) mod retry_after;
