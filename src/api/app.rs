//! What the requests of a server share. For the API's own use; `cli` makes one and hands it to the
//! server.

use std::net::IpAddr;

use super::backups::Backups;
use super::idempotency::Running;
use super::limits::Limits;
use super::rate_limit::Windows;
use super::usage::Usage;
use super::verifier::Verifier;
use crate::settings::Settings;
use crate::store::Store;

/// Client addresses whose failed verifications are counted at the same time.
const ADDRESSES: usize = 10_000;

/// What the requests of a server share.
pub struct App {
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) verifier: Verifier,
    pub(super) failures: Windows<IpAddr>,
    pub(super) limits: Limits,
    pub(super) usage: Usage,
    pub(super) running: Running,
    /// Nothing when the settings ask for no backups.
    pub(super) backups: Option<Backups>,
}

impl App {
    /// The state of a server on this database.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn new(settings: Settings, store: Store) -> Result<Self, getrandom::Error> {
        Ok(Self {
            verifier: Verifier::new()?,
            failures: Windows::new(ADDRESSES),
            limits: Limits::new(settings.rate_limits.clone()),
            usage: Usage::default(),
            running: Running::default(),
            backups: Backups::new(&settings.backup, store.dir()),
            store,
            settings,
        })
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
