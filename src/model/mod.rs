//! The domain: what a customer, a contact, an onboarding, a key and an event are, and which
//! values each of their properties can hold. Every other layer may use it; it knows neither
//! HTTP nor SQL.

mod alphabet;
pub mod audit;
pub mod board;
pub mod caller;
pub mod checksum;
pub mod clock;
pub mod comparison;
pub mod contact;
pub mod customer;
pub mod domain;
pub mod email;
pub mod event;
pub mod external_id;
pub mod fields;
pub mod hash;
pub mod id;
pub mod idempotency;
pub mod invisible;
pub mod key;
pub mod key_form;
pub mod key_hash;
pub mod key_secret;
pub mod labels;
pub mod metadata;
pub mod number;
pub mod onboarding;
pub mod page;
pub mod params;
pub mod password;
pub mod patch;
pub mod problem;
pub mod resource;
pub mod rotation;
pub mod schema;
pub mod slug;
pub mod text;
pub mod time;
pub mod workspace;
