//! What has been downloaded so far, in a file that survives the process.

mod file;
mod index;
mod record;
#[cfg(test)]
mod tests;

pub(super) use self::file::{Staging, open_private};
pub(super) use self::index::{Place, Position};
pub(super) use self::record::Mark;
