//! The code for setting the first password. Every start prints it until there is a password, and
//! after that it is worth nothing.

use crate::model::hex::hex;
use crate::model::key::checksum::ChecksumSecret;

/// Bytes in a code.
const BYTES: usize = 16;

/// The setup code of a database, the same on all of its servers.
pub(in crate::admin) struct SetupCode(String);

impl SetupCode {
    pub fn of_database(secret: &ChecksumSecret) -> Self {
        Self(hex(&secret.derive("setup code of the admin pages")[..BYTES]))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
