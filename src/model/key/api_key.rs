//! An API key without its secret, and the data to create one.

use serde::Serialize;

use super::mode::{Mode, Tier};
use super::scope::Scopes;
use super::secret::Prefix;
use crate::model::client_address::ClientAddress;
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;

pub type KeyId = Id<Key>;

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Key {
    pub id: KeyId,
    /// The part that is safe to show and to log, such as `pivotal_K8s9X2mP`.
    pub prefix: Prefix,
    pub name: Name,
    pub mode: Mode,
    pub workspace: Slug,
    /// Determines the rate limit.
    pub tier: Tier,
    pub scopes: Scopes,
    pub created_at: Timestamp,
    /// From then on, requests with the key are refused.
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<String>,
    pub request_count: i64,
    pub revoked_at: Option<Timestamp>,
    /// The key that this key replaces in a rotation.
    pub replaces: Option<KeyId>,
}

impl Key {
    /// Whether requests with the key are accepted.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && !self.is_expired(now)
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// The data to create a key.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: Name,
    pub mode: Mode,
    pub tier: Tier,
    pub scopes: Scopes,
    pub expires_at: Option<Timestamp>,
    /// The key that this key replaces in a rotation.
    pub replaces: Option<KeyId>,
}

impl NewKey {
    /// Returns the data for a replacement of `key`, with the same name, mode, tier, and scopes. If
    /// the key expires, the replacement is valid for as long as the key was when it was created.
    pub fn replacement_for(key: &Key, now: Timestamp) -> Self {
        Self {
            name: key.name.clone(),
            mode: key.mode,
            tier: key.tier,
            scopes: key.scopes.clone(),
            expires_at: key.expires_at.map(|at| now.plus(at.since(key.created_at))),
            replaces: Some(key.id.clone()),
        }
    }
}

/// The requests made with a key since its usage was last stored.
#[derive(Clone, Copy, Debug)]
pub struct KeyUse {
    pub last_used_at: Timestamp,
    /// Where the last request came from.
    pub from: ClientAddress,
    /// The number of requests.
    pub requests: i64,
}
