//! Drives the real server over HTTP, each test on a database and a port of its own. The modules
//! are named after the paths and the promises that they test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod activity;
mod activity_events;
mod admin_api_keys;
mod admin_board;
mod admin_contacts;
mod admin_customers;
mod admin_logs;
mod admin_onboardings;
mod admin_overview;
mod admin_security;
mod admin_sign_in;
mod admin_two_tabs;
mod auth;
mod backup_schedule;
mod backups;
#[cfg(target_os = "linux")]
mod beside;
mod checks;
mod cli;
mod clocks;
mod connections;
mod contacts;
mod contacts_rules;
mod crash;
mod customers;
mod customers_filters;
mod customers_rules;
mod customers_slugs;
mod damage;
mod deadlines;
mod demo;
#[cfg(target_os = "linux")]
mod disk_full;
mod docs;
mod docs_address;
mod docs_links;
mod errors;
mod files;
mod guessing;
mod idempotency;
mod ignored_parameters;
mod invisible;
mod isolation;
mod key_rotation;
#[cfg(target_os = "linux")]
mod leftovers;
#[cfg(target_os = "linux")]
mod log_pipe;
mod look_alikes;
mod onboardings;
mod onboardings_rules;
mod onboardings_times;
mod openapi;
mod openapi_examples;
mod openapi_limits;
mod paging;
mod paging_changes;
#[cfg(target_os = "linux")]
mod permissions;
mod rate_limits;
mod readme;
mod rules;
mod settings;
#[cfg(target_os = "linux")]
mod signals;
mod slow_queries;
mod support;
#[cfg(target_os = "linux")]
mod unprinted;
#[cfg(unix)]
mod vanished;
mod write_ahead_log;
