//! The state that the API's requests share.

use std::sync::Arc;

use super::request::in_flight::InFlightKeys;
use super::request::key_verifier::KeyVerifier;
use crate::model::key::secret::KeySecret;
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

    /// Accepts a key that this process has just hashed, without verifying it again.
    pub fn trust_key(&self, secret: &KeySecret, hash: String) {
        self.verifier.insert(secret, hash);
    }

    pub(super) fn store(&self) -> &Store {
        &self.service.store
    }
}
