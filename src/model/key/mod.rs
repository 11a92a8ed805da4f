//! API keys: permissions, format, issuing, and rotation.

mod api_key;
pub mod checksum;
pub mod form;
pub mod issued;
pub mod known;
mod mode;
pub mod rotation;
mod scope;
pub mod secret;

pub use self::api_key::{Key, KeyId, KeyUse, NewKey};
pub use self::mode::{Mode, Tier};
pub use self::scope::{Scope, Scopes};
