//! Webhook endpoints, the outbox, and the delivery log.

pub mod attempts;
pub mod backlog;
pub mod deliveries;
mod endpoint_changes;
pub mod endpoints;
pub(in crate::store) mod hold;
pub mod numbers;
pub mod outbox;
#[cfg(test)]
mod plans;
pub mod queue;
mod replace;
pub mod replay;
pub mod retention;
pub mod settings;
pub mod signal;
#[cfg(test)]
mod tests;
pub mod watcher;
