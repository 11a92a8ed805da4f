//! `export` and `import`, even while the server is running.

pub mod args;
mod csv;
mod csv_args;
mod export;
mod failures;
mod import;
mod observer;
mod remote;
mod report;
mod seed;

pub use self::export::run as export;
pub use self::import::run as import;
