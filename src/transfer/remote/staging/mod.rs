//! What has been downloaded so far, in a file that survives the process.

mod append_file;
mod file;
mod index;
mod record;
#[cfg(test)]
mod tests;

pub(super) use self::append_file::{AppendFile, open_private};
pub(super) use self::file::Staging;
pub(super) use self::index::{Place, Position};
pub(super) use self::record::Mark;
