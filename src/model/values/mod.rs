//! Value types for fields. Each one parses text or JSON once and can't hold an invalid value.

pub(super) mod alphabet;
pub mod argon2id;
pub mod currency;
pub mod domain;
pub mod email;
pub mod external_id;
pub mod id;
pub mod invisible;
pub mod labels;
pub mod metadata;
pub mod normalize;
pub mod number;
pub mod password;
pub mod slug;
pub mod text;
pub mod time;
