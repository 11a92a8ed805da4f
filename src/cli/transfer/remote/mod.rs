//! `import --from` and `export --to`: moving a workspace from and to another server.

pub mod export;
pub mod import;
mod key;
mod progress;
mod session;
mod text;
