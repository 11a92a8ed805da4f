//! How keys are described.

use crate::model::key::Key;

/// Returns the end of a description that says when a key expires, if it does.
pub fn expiry(key: &Key) -> String {
    key.expires_at.map_or_else(String::new, |at| format!(", expires {at}"))
}
