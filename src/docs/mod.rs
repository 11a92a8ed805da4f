//! The documentation: pages about the API and the server, the same as Markdown, and indexes for
//! language models. All of it is generated when the server is built (`crates/docs`) and lies in the
//! binary. It stands on `service`; nothing but `server` may use it.

mod answer;
mod file;
mod routes;

pub use self::routes::{configure, configure_root};
