//! The admin pages, used like a browser without scripts.

mod account;
mod api_keys;
mod board;
mod contacts;
mod customer_links;
mod customers;
mod imports;
mod key_rotation;
mod logs;
mod money;
mod onboarding_page;
mod onboardings;
mod overview;
mod security;
mod sign_in;
mod stale_forms;
mod uploads;
mod webhook_deliveries;
mod webhooks;
mod workspaces;
