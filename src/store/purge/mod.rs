//! Purging: erasing a record, a workspace, or old events from the database file.
//!
//! A transaction deletes the rows, among them events, which the schema allows only for what a row
//! of `purges` names (`permit.rs`). That row stays, without personal data. `secure_delete`
//! overwrites the deleted rows, but not the copies that SQLite leaves behind when it splits a page.
//! So a pass over the whole file follows (`erase.rs`), which overwrites the unused space of every
//! page (`page.rs`, `layout.rs`, `unused_space.rs`) and truncates the write-ahead log. Only then is a
//! purge finished.

mod aged;
mod copies;
mod erase;
mod layout;
mod list;
mod page;
mod permit;
#[cfg(test)]
mod plans;
mod record;
mod responses;
#[cfg(test)]
mod tests;
mod traces;
mod unused_space;
mod workspace;

pub use self::aged::{DuePart, DueRecords};
pub use self::erase::{Erasure, Unfinished};
pub use self::responses::SavedResponses;
pub use self::traces::{PurgePreview, Purgeable};
pub(in crate::store) use self::workspace::LARGE_TABLES;
pub use self::workspace::{DeleteError, DeletingWorkspace};
