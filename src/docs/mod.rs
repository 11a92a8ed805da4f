//! The documentation: pages about the API and the server, the same as Markdown, and indexes for
//! language models. All of it is generated when the server is built (`crates/docs`) and is part of the
//! binary. Only `server` may use it.

mod file;
mod response;
mod routes;

pub use self::routes::{configure, configure_root};
