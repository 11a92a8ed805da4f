//! What the pages keep in memory from one request to the next. `server` makes one.

use std::sync::Arc;

use super::assets::Assets;
use super::error::AdminError;
use super::page::Page;
use super::session::csrf::MacKey;
use super::session::sessions::Sessions;
use super::session::setup_code::SetupCode;
use crate::model::clock::Monotonic;
use crate::service::Service;
use crate::store::{Reader, Store, StoreError};

/// The state of the pages.
pub struct Admin {
    pub(super) service: Arc<Service>,
    pub(super) sessions: Sessions,
    pub(super) mac_key: MacKey,
    pub(super) setup_code: SetupCode,
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
            mac_key: MacKey::new()?,
            setup_code: SetupCode::new()?,
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
        Ok(if account.is_some() { None } else { self.setup_code.code().map(path) })
    }

    /// The database.
    pub(super) fn store(&self) -> &Store {
        &self.service.store
    }

    /// Reads from the database, off the web workers.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let service = Arc::clone(&self.service);
        let job = move |limit| service.store.read_within(limit, read);
        Ok(self.service.page_threads.run(job).await??)
    }

    /// A page for somebody of whom nothing is known.
    pub(super) fn page(&self, title: &str) -> Page {
        Page {
            title: title.to_owned(),
            section: None,
            signed_in: false,
            csrf: String::new(),
            workspaces: Vec::new(),
            notice: None,
            assets: self.assets.clone(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
