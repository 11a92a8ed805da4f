//! Imports and exports. An import decides about each row twice: [`Checker`] before anything is
//! written, with an index of what the source has claimed so far, and [`Importer`] in the
//! transaction that writes it. Both use `decide.rs`.

mod check;
mod decide;
mod events;
mod existing;
mod export;
mod index;
mod resources;
mod scope;
#[cfg(test)]
mod tests;
mod times;
mod writable;
mod write;

pub use self::check::{Checked, Checker};
pub use self::decide::is_future;
pub use self::export::Progress;
pub use self::write::{Importer, Planned};
