//! The state that the pages share between requests, in memory. `server` creates it.

use std::collections::HashSet;
use std::sync::Arc;

use super::assets::Assets;
use super::display::time_of_day;
use super::error::AdminError;
use super::imports::Imports;
use super::page::Page;
use super::session::csrf::MacKey;
use super::session::sessions::{Now, Sessions};
use super::session::setup_code::SetupCode;
use crate::model::clock::{Clock, Monotonic};
use crate::service::Service;
use crate::store::{AdminSession, Reader, Store, StoreError};

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
    pub fn new(service: Arc<Service>) -> Self {
        let secret = service.store.checksum_secret();
        Self {
            sessions: Sessions::new(service.settings.admin.idle_timeout),
            imports: Imports::default(),
            mac_key: MacKey::of_database(secret),
            setup_code: SetupCode::of_database(secret),
            assets: Assets::new(),
            started: service.store.clock().monotonic(),
            service,
        }
    }

    /// Returns the path for setting the first password, including the setup code. Returns `None`
    /// once a password is set.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn setup_path(&self) -> Result<Option<String>, StoreError> {
        let account = self.store().read(|reader| reader.account())?;
        // In the fragment, which browsers don't send: the code must not end up in access logs.
        let path = || format!("/admin/setup#{}", self.setup_code.as_str());
        Ok(account.is_none().then(path))
    }

    pub fn clock(&self) -> &dyn Clock {
        self.store().clock()
    }

    /// Discards uploaded files that nobody uses anymore.
    pub async fn clean_up_imports(&self) {
        if self.imports.held.is_empty() {
            return;
        }
        let now = Now::of(self.clock());
        match self.read(|reader| Ok((reader.account()?, reader.admin_sessions()?))).await {
            Ok((account, sessions)) => {
                let set_at = account.map(|account| account.changed_at);
                let is_open = |session: &&AdminSession| self.sessions.is_open(session, set_at, now);
                let open: HashSet<_> =
                    sessions.iter().filter(is_open).map(|one| one.token).collect();
                self.imports.held.clean_up(now.monotonic(), |session| open.contains(session));
            }
            Err(error) => log::warn!("cannot discard uploaded files, retrying later: {error}"),
        }
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
