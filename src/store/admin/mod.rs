//! The admin account, its sessions, and the forms that they have submitted.

pub(super) mod account;
pub(super) mod copies;
pub(super) mod sessions;
mod submissions;
#[cfg(test)]
mod tests;
