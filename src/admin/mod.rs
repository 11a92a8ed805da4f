//! The admin pages: HTML for people, made on the server. It stands on `service`, `store` and
//! `model`; nothing but `server` may use it. `routes` lists every page and action; the module
//! named after an address answers it, with a template of the same name.

mod api_keys;
mod assets;
mod board;
mod chart;
mod contacts;
mod cookie;
mod csrf;
mod customer_form;
mod customers;
mod diff;
mod edit;
mod error;
mod export;
mod form;
mod key_row;
mod logs;
mod onboardings;
mod once;
mod overview;
mod page;
mod routes;
mod session;
mod setup;
mod sign_in;
mod state;
mod timeline;
mod visit;
mod words;
mod workspace;
mod workspaces;

pub use self::routes::{Entry, configure, entries, no_page};
pub use self::state::Admin;
