//! The admin pages: server-rendered HTML. Only `server` may use this module. `routes` lists every
//! page and action. `visit/dispatch.rs` checks a request before it calls the handler, which is in
//! `pages`; the templates are in `templates/admin`.

mod assets;
mod display;
mod error;
mod forms;
mod imports;
mod links;
mod page;
mod pages;
mod routes;
mod session;
mod state;
mod views;
mod visit;

pub use self::imports::threads::MAX_RUNNING as MAX_RUNNING_IMPORTS;
pub use self::routes::{Entry, configure, entries, no_page};
pub use self::state::Admin;
