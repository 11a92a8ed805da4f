//! What a property can hold: each type parses its text or JSON once and cannot hold a wrong value.

pub(super) mod alphabet;
pub mod argon2id;
pub mod comparison;
pub mod domain;
pub mod email;
pub mod external_id;
pub mod id;
pub mod invisible;
pub mod labels;
pub mod metadata;
pub mod number;
pub mod password;
pub mod slug;
pub mod text;
pub mod time;
