//! The state that the API's requests share.

use std::sync::Arc;

use super::request::in_flight::InFlightKeys;
use super::request::key_verifier::KeyVerifier;
use crate::service::Service;
use crate::store::Store;

pub struct Api {
    pub(super) service: Arc<Service>,
    pub(super) verifier: KeyVerifier,
    pub(super) in_flight: InFlightKeys,
}

impl Api {
    /// # Errors
    /// Fails if the operating system can't provide random bytes.
    pub fn new(service: Arc<Service>) -> Result<Self, getrandom::Error> {
        Ok(Self { service, verifier: KeyVerifier::new()?, in_flight: InFlightKeys::default() })
    }

    pub(super) fn store(&self) -> &Store {
        &self.service.store
    }
}
