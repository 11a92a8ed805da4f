//! The admin pages: HTML for people, made on the server. It stands on `service`, `store` and
//! `model`; nothing but `server` may use it. `routes` lists every page and action; the module
//! named after an address answers it, with a template of the same name.

mod error;
mod forms;
mod page;
mod pages;
mod routes;
mod state;
mod visit;
mod words;

pub use self::routes::{Entry, configure, entries, no_page};
pub use self::state::Admin;
