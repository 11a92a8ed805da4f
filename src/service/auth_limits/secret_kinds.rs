//! The kinds of secrets that clients send, with a limit on failed attempts and a hash queue for
//! each kind, so that guessing one kind of secret doesn't hold up the others.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::failed_attempts::{FailedAttempts, Subject};
use super::hash_queue::HashQueue;
use crate::model::client_address::ClientAddress;
use crate::model::clock::Monotonic;
use crate::model::key::checksum::Checksum;
use crate::model::key::secret::{KeySecret, Prefix};

/// Failed attempts per minute and client, for the admin's password and the setup code.
const PASSWORD_FAILURES_PER_MINUTE: u32 = 10;
/// Failed attempts per minute and client, for API keys. Higher, because several clients behind one
/// IP address can each have a wrong key.
const KEY_FAILURES_PER_MINUTE: u32 = 60;

/// An attempt to authenticate with a secret.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(super) kind: SecretKind,
    pub(super) address: IpAddr,
    pub(super) key: Option<Prefix>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::service) enum SecretKind {
    /// The admin's password or the setup code.
    Password,
    /// An API key that this server issued. It can't be forged.
    Key,
    /// An API key with a CRC-32 checksum. Anyone who knows its prefix can forge one.
    OldKey,
}

impl Attempt {
    /// An attempt with the admin's password or the setup code.
    pub fn with_password(from: ClientAddress) -> Self {
        Self { kind: SecretKind::Password, address: from.ip(), key: None }
    }

    /// An attempt with an API key.
    pub fn with_key(secret: &KeySecret, from: ClientAddress) -> Self {
        let kind = match secret.checksum() {
            Checksum::Keyed => SecretKind::Key,
            Checksum::Crc32 => SecretKind::OldKey,
        };
        Self { kind, address: from.ip(), key: Some(secret.prefix().clone()) }
    }
}

/// The limits of all kinds.
pub(in crate::service) struct AuthLimits {
    passwords: KindLimits,
    keys: KindLimits,
    old_keys: KindLimits,
}

pub(super) struct KindLimits {
    pub attempts: FailedAttempts,
    pub queue: HashQueue,
}

impl AuthLimits {
    pub fn new(has_other_servers: bool) -> Self {
        let limits = |per_client, running, places| KindLimits {
            attempts: FailedAttempts::new(per_client, has_other_servers),
            queue: HashQueue::new(running, places),
        };
        Self {
            passwords: limits(PASSWORD_FAILURES_PER_MINUTE, 1, 64),
            // Larger, because after a restart the keys of all clients must be verified at once.
            keys: limits(KEY_FAILURES_PER_MINUTE, 2, 256),
            old_keys: limits(KEY_FAILURES_PER_MINUTE, 1, 64),
        }
    }

    /// Takes the failed attempts that were counted here since the last call.
    pub fn take_unshared(&self) -> Vec<(SecretKind, Subject, u32)> {
        let kinds = [SecretKind::Password, SecretKind::Key, SecretKind::OldKey];
        let counts = kinds.into_iter().flat_map(|kind| {
            let counts = self.limits_for(kind).attempts.take_unshared();
            counts.map(move |(subject, count)| (kind, subject, count))
        });
        counts.collect()
    }

    /// Adds failed attempts that another server has counted.
    pub fn add(&self, kind: SecretKind, subject: Subject, now: Monotonic, count: u32) {
        self.limits_for(kind).attempts.add(subject, now, count);
    }

    pub(super) fn limits_for(&self, kind: SecretKind) -> &KindLimits {
        match kind {
            SecretKind::Password => &self.passwords,
            SecretKind::Key => &self.keys,
            SecretKind::OldKey => &self.old_keys,
        }
    }
}
