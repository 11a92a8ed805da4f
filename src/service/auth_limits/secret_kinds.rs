//! The kinds of secrets that clients send, with a limit on failed attempts and a hash queue for
//! each kind, so that guessing one kind of secret doesn't hold up the others.

use std::net::IpAddr;

use super::failed_attempts::FailedAttempts;
use super::hash_queue::HashQueue;
use crate::model::client_address::ClientAddress;
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

#[derive(Clone, Copy)]
pub(super) enum SecretKind {
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
    pub fn new() -> Self {
        let limits = |per_client, running, places| KindLimits {
            attempts: FailedAttempts::new(per_client),
            queue: HashQueue::new(running, places),
        };
        Self {
            passwords: limits(PASSWORD_FAILURES_PER_MINUTE, 1, 64),
            // Larger, because after a restart the keys of all clients must be verified at once.
            keys: limits(KEY_FAILURES_PER_MINUTE, 2, 256),
            old_keys: limits(KEY_FAILURES_PER_MINUTE, 1, 64),
        }
    }

    pub(super) fn limits_for(&self, kind: SecretKind) -> &KindLimits {
        match kind {
            SecretKind::Password => &self.passwords,
            SecretKind::Key => &self.keys,
            SecretKind::OldKey => &self.old_keys,
        }
    }
}
