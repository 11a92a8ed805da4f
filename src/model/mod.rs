//! The domain: customers, contacts, onboardings, API keys, and events, and the values that their
//! fields can hold. Every other layer may use it; it depends on neither HTTP nor SQL.

pub mod audit;
pub mod board;
pub mod caller;
pub mod client_address;
pub mod clock;
pub mod contact;
pub mod customer;
pub mod database_url;
pub mod event;
pub mod event_feed;
pub mod examples;
pub mod hex;
pub mod histogram;
pub mod idempotency;
pub mod key;
pub mod onboarding;
pub mod parse;
pub mod plain_words;
pub mod previous_values;
pub mod purge;
pub mod redact;
pub mod resource;
#[cfg(test)]
pub(crate) mod round_trip_tests;
pub mod seed;
pub mod test_control;
pub mod transfer;
pub mod values;
pub mod web;
pub mod webhook;
pub mod workspace;
