//! The admin pages: HTML for people, made on the server. Only `server` may use it. `routes` lists
//! every page and action. `visit/gate.rs` checks a request before its handler, which is in `pages`,
//! with its template in `templates/admin`.

mod assets;
mod display;
mod error;
mod forms;
mod links;
mod page;
mod pages;
mod routes;
mod session;
mod state;
mod views;
mod visit;

pub use self::routes::{Entry, configure, entries, no_page};
pub use self::state::Admin;
