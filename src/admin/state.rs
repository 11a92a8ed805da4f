//! The state that the pages share between requests, in memory. `server` creates it.

use std::sync::Arc;

use super::assets::Assets;
use super::display::time_of_day;
use super::error::AdminError;
use super::imports::Imports;
use super::page::Page;
use super::session::csrf::MacKey;
use super::session::sessions::Sessions;
use super::session::setup_code::SetupCode;
use crate::model::clock::{Clock, Monotonic};
use crate::service::Service;
use crate::store::{Reader, Store, StoreError};

/// The shared state of the admin pages.
pub struct Admin {
    pub(super) service: Arc<Service>,
    pub(super) sessions: Sessions,
    pub(super) imports: Imports,
    pub(super) mac_key: MacKey,
    pub(super) setup_code: SetupCode,
    pub(super) assets: Assets,
    /// When the server started.
    pub(super) started: Monotonic,
}

impl Admin {
    /// Creates the state: no sessions, and a new setup code.
    ///
    /// # Errors
    /// If the operating system cannot provide random bytes.
    pub fn new(service: Arc<Service>) -> Result<Self, getrandom::Error> {
        Ok(Self {
            sessions: Sessions::new(service.settings.admin.idle_timeout),
            imports: Imports::default(),
            mac_key: MacKey::new()?,
            setup_code: SetupCode::new()?,
            assets: Assets::new(),
            started: service.store.clock().monotonic(),
            service,
        })
    }

    /// Returns the path for setting the first password, including the setup code. Returns `None`
    /// once a password is set.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn setup_path(&self) -> Result<Option<String>, StoreError> {
        let account = self.store().read(|reader| reader.account())?;
        // In the fragment, which browsers don't send: the code must not end up in access logs.
        let path = |code| format!("/admin/setup#{code}");
        Ok(if account.is_some() { None } else { self.setup_code.code().map(path) })
    }

    pub fn clock(&self) -> &dyn Clock {
        self.store().clock()
    }

    /// Discards uploaded files that nobody uses anymore.
    pub fn clean_up_imports(&self) {
        let now = self.store().clock().monotonic();
        self.imports.held.clean_up(now, |session| self.sessions.is_open(session, now));
    }

    /// Stops imports after their current batch, and waits until they have ended.
    pub async fn stop_imports(&self) {
        self.imports.threads.stop().await;
    }

    pub(super) fn store(&self) -> &Store {
        &self.service.store
    }

    /// Reads from the database on the page threads, not on a web worker.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let service = Arc::clone(&self.service);
        let job = move |limit| service.store.read_within(limit, read);
        Ok(self.service.page_threads.run(job).await??)
    }

    /// Returns the layout for a visitor without a session.
    pub(super) fn page(&self, title: &str) -> Page {
        Page {
            title: title.to_owned(),
            section: None,
            signed_in: false,
            csrf: String::new(),
            workspaces: Vec::new(),
            path_after_switch: String::new(),
            has_docs: self.service.settings.admin.listen.is_none(),
            notice: None,
            test_control: self.service.test_control.is_some(),
            next_reset: self.service.demo().map(|demo| time_of_day(&demo.next_reset(self.clock()))),
            assets: self.assets.clone(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
