//! What the pages keep in memory from one request to the next. For their own use; `server` makes
//! one.

use std::sync::Arc;

use super::assets::Assets;
use super::pages::setup::Setup;
use super::session::csrf::Seal;
use super::session::sessions::Sessions;
use crate::model::clock::Monotonic;
use crate::service::Service;
use crate::store::{Store, StoreError};

/// The state of the pages.
pub struct Admin {
    pub(super) service: Arc<Service>,
    pub(super) sessions: Sessions,
    pub(super) seal: Seal,
    pub(super) setup: Setup,
    pub(super) assets: Assets,
    /// When the server began to answer.
    pub(super) started: Monotonic,
}

impl Admin {
    /// Pages that nobody has seen yet.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn new(service: Arc<Service>) -> Result<Self, getrandom::Error> {
        Ok(Self {
            sessions: Sessions::new(service.settings.admin.idle_timeout),
            seal: Seal::new()?,
            setup: Setup::new()?,
            assets: Assets::new(),
            started: service.store.clock().monotonic(),
            service,
        })
    }

    /// Where the first password is set, with the code that is needed for it; nothing once there is
    /// a password.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn setup_path(&self) -> Result<Option<String>, StoreError> {
        let account = self.store().read(|reader| reader.account())?;
        // In the fragment, which browsers do not send, so that no access log has the code.
        let path = |code| format!("/admin/setup#{code}");
        Ok(if account.is_some() { None } else { self.setup.code().map(path) })
    }

    /// The database.
    pub(super) fn store(&self) -> &Store {
        &self.service.store
    }
}
