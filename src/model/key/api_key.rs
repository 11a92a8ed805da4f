//! A key as it is shown, and what a new one is made of.

use serde::Serialize;

use super::mode::{Mode, Tier};
use super::scope::Scopes;
use super::secret::Prefix;
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;

/// The id of a key.
pub type KeyId = Id<Key>;

/// A key as it is kept and shown: everything but its secret.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// The part that is safe to show and to log, such as `pivotal_K8s9X2mP`.
    pub prefix: Prefix,
    /// What people call it.
    pub name: Name,
    /// Live or test.
    pub mode: Mode,
    /// The slug of its workspace.
    pub workspace: Slug,
    /// Its rate limit tier.
    pub tier: Tier,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a request was last made with it.
    pub last_used_at: Option<Timestamp>,
    /// From which address.
    pub last_used_ip: Option<String>,
    /// How many requests were made with it.
    pub request_count: i64,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key of which it is the twin that takes its place.
    pub replaces: Option<KeyId>,
}

/// What a new key is made of.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What people call it.
    pub name: Name,
    /// Live or test.
    pub mode: Mode,
    /// Its rate limit tier.
    pub tier: Tier,
    /// What it may do.
    pub scopes: Scopes,
    /// The key that it takes the place of.
    pub replaces: Option<KeyId>,
}

impl NewKey {
    /// A key that is like another one and takes its place.
    pub fn twin_of(key: &Key) -> Self {
        Self {
            name: key.name.clone(),
            mode: key.mode,
            tier: key.tier,
            scopes: key.scopes.clone(),
            replaces: Some(key.id.clone()),
        }
    }
}

/// Requests that were made with a key since that was last written down.
#[derive(Clone, Copy, Debug)]
pub struct KeyUse {
    /// When the last of them was made.
    pub at: Timestamp,
    /// From which address.
    pub from: std::net::IpAddr,
    /// How many they were.
    pub requests: i64,
}
