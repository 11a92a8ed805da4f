//! Delivers webhooks: what is due is taken from the outbox, sent, and recorded.

mod attempt;
mod clock;
pub(crate) mod destination;
mod lanes;
pub(crate) mod record;
mod recorder;
pub(crate) mod resolver;
mod secrets;
pub(crate) mod sender;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
