//! The pages. Each file has one page, or the pages of one resource.

pub(super) mod account;
pub(super) mod api_keys;
pub(super) mod asset;
pub(super) mod contacts;
pub(super) mod csv_export;
pub(super) mod customer_form;
mod customer_slug;
pub(super) mod customers;
mod download;
pub(super) mod export;
pub(super) mod imports;
pub(super) mod logs;
pub(super) mod onboardings;
pub(super) mod overview;
pub(super) mod purge;
pub(super) mod setup;
pub(super) mod sign_in;
pub(super) mod webhooks;
pub(super) mod workspaces;
