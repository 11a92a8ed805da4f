//! Webhooks: endpoints, what they subscribe to, how requests are signed, and where they may go.

pub mod address;
pub mod delivery;
pub mod encryption;
pub mod endpoint;
pub mod envelope;
pub mod examples;
pub mod id;
pub mod policy;
pub mod schedule;
pub mod secret;
pub mod signature;
pub mod subscription;
pub mod url;
