//! The state that the routes share.

use std::sync::Arc;

use crate::service::Service;
use crate::service::test_control::TestControl;

pub struct Control {
    pub(super) service: Arc<Service>,
    pub(super) state: Arc<TestControl>,
    /// The IDs of the API's operations.
    pub(super) operations: Vec<&'static str>,
}

impl Control {
    /// Returns `None` if the server was started without test control.
    pub fn new(service: &Arc<Service>, operations: Vec<&'static str>) -> Option<Self> {
        let state = service.test_control.clone()?;
        Some(Self { service: Arc::clone(service), state, operations })
    }
}
