//! Delivers webhooks: takes due deliveries from the outbox, sends them, and records the results.

mod ahead;
mod attempt;
mod clock;
pub(crate) mod destination;
mod due;
mod lanes;
mod lookups;
pub(crate) mod record;
mod recorder;
pub(crate) mod resolver;
mod secrets;
mod sender;
#[cfg(test)]
mod tests;
pub(crate) mod thread;
