//! What the API keeps in memory from one request to the next. `routes` makes one.

use std::sync::Arc;

use super::request::running::Running;
use super::request::verifier::Verifier;
use crate::service::Service;
use crate::store::Store;

/// The API's state.
pub struct Api {
    pub(super) service: Arc<Service>,
    pub(super) verifier: Verifier,
    pub(super) running: Running,
}

impl Api {
    /// An API that has seen no request yet.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn new(service: Arc<Service>) -> Result<Self, getrandom::Error> {
        Ok(Self { service, verifier: Verifier::new()?, running: Running::default() })
    }

    /// The database.
    pub(super) fn store(&self) -> &Store {
        &self.service.store
    }
}
