//! Protects passwords and API keys against guessing, and the CPU against floods of argon2 hashes.

pub(super) mod failed_attempts;
pub(crate) mod hash_queue;
mod hashing;
pub(crate) mod secret_kinds;
