//! The state that the routes share.

use std::sync::Arc;

use actix_web::web::Data;

use crate::api::{self, Api};
use crate::service::Service;
use crate::service::test_control::TestControl;

pub struct Control {
    pub(super) service: Arc<Service>,
    pub(super) api: Data<Api>,
    pub(super) state: Arc<TestControl>,
    /// The IDs of the API's operations.
    pub(super) operations: Vec<&'static str>,
}

impl Control {
    /// Returns `None` if the server was started without test control.
    pub fn new(service: &Arc<Service>, api: &Data<Api>) -> Option<Self> {
        let state = service.test_control.clone()?;
        let (service, api) = (Arc::clone(service), Data::clone(api));
        Some(Self { service, api, state, operations: api::operations() })
    }
}
