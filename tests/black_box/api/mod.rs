//! The API: its resources, its lists, and what all endpoints have in common.

mod activity;
mod activity_events;
mod auth;
mod contacts;
mod customers;
mod customers_filters;
mod errors;
mod events;
mod idempotency;
mod ignored_parameters;
mod isolation;
mod onboardings;
mod onboardings_times;
mod openapi;
pub mod paging;
mod paging_changes;
mod resources;
pub mod rules;
