//! Serves the docs site: pages in HTML and Markdown, and indexes for language models. The build script
//! generates the site with `crates/docs`, and the binary contains it. Only `server` may use this module.

mod file;
mod response;
mod routes;

pub use self::routes::{configure, configure_root};
