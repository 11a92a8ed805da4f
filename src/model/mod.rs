//! The domain: what a customer, a contact, an onboarding, a key and an event are, and which
//! values each of their properties can hold. Every other layer may use it; it knows neither
//! HTTP nor SQL.

pub mod audit;
pub mod board;
pub mod caller;
pub mod clock;
pub mod contact;
pub mod customer;
pub mod event;
pub mod event_feed;
pub mod hex;
pub mod idempotency;
pub mod key;
pub mod onboarding;
pub mod parse;
pub mod resource;
#[cfg(test)]
mod round_trip_tests;
pub mod values;
pub mod workspace;
