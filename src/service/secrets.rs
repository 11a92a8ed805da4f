//! The kinds of secrets that clients send: how many attempts at each may fail, and how many are
//! checked at the same time. Each kind has a queue of its own, so that guessing at one does not
//! hold up the others.

use std::net::IpAddr;

use super::attempts::Attempts;
use super::turns::Turns;
use crate::model::key::checksum::Checksum;
use crate::model::key::secret::{KeySecret, Prefix};

/// Failed attempts a minute at the admin's password and the setup code, from one client.
const PASSWORDS: u32 = 10;
/// At keys. More, since clients behind one address can each have a wrong key.
const KEYS: u32 = 60;

/// An attempt at a secret.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(super) kind: Kind,
    pub(super) address: IpAddr,
    pub(super) key: Option<Prefix>,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// The admin's password, or the setup code.
    Password,
    /// A key that the server has issued itself, which nobody can forge.
    Key,
    /// A key with a CRC-32, which can be forged by anybody who knows its prefix.
    OldKey,
}

impl Attempt {
    /// At the admin's password or the setup code.
    pub fn at_password(address: IpAddr) -> Self {
        Self { kind: Kind::Password, address, key: None }
    }

    /// At a key.
    pub fn at_key(secret: &KeySecret, address: IpAddr) -> Self {
        let kind = match secret.checksum() {
            Checksum::Keyed => Kind::Key,
            Checksum::Crc32 => Kind::OldKey,
        };
        Self { kind, address, key: Some(secret.prefix().clone()) }
    }
}

/// The failed attempts and the queues of a process.
pub(super) struct Secrets {
    passwords: Gate,
    keys: Gate,
    old_keys: Gate,
}

pub(super) struct Gate {
    pub attempts: Attempts,
    pub turns: Turns,
}

impl Secrets {
    /// Nothing was tried yet.
    pub fn new() -> Self {
        let gate = |per_client, running, places| Gate {
            attempts: Attempts::new(per_client),
            turns: Turns::new(running, places),
        };
        Self {
            passwords: gate(PASSWORDS, 1, 64),
            // After a restart all clients come at once.
            keys: gate(KEYS, 2, 256),
            old_keys: gate(KEYS, 1, 64),
        }
    }

    pub fn gate(&self, kind: Kind) -> &Gate {
        match kind {
            Kind::Password => &self.passwords,
            Kind::Key => &self.keys,
            Kind::OldKey => &self.old_keys,
        }
    }
}
