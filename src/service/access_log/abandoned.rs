//! Keeps requests for test control, also those whose client gave up.

use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest};

use super::used::{Observed, UsedKey, UsedOperation};
use crate::http::connection_state::ConnectionState;
use crate::http::request_id::RequestId;
use crate::model::redact::redact;
use crate::model::values::time::Timestamp;
use crate::service::Service;
use crate::service::test_control::journal::{LoggedBody, LoggedRequest};

/// Keeps a request for test control whose client gave up before the response was ready: the server
/// then drops the handler, and the access log never sees the request.
pub(crate) struct RecordIfAbandoned<'r> {
    service: &'r Service,
    request: &'r HttpRequest,
    is_finished: bool,
}

impl<'r> RecordIfAbandoned<'r> {
    pub fn new(service: &'r Service, request: &'r HttpRequest) -> Self {
        Self { service, request, is_finished: false }
    }

    /// The response is ready.
    pub fn finish(mut self) {
        self.is_finished = true;
    }
}

impl Drop for RecordIfAbandoned<'_> {
    fn drop(&mut self) {
        if let Some(control) = self.service.test_control.as_ref().filter(|_| !self.is_finished) {
            let now = self.service.store.clock().now();
            control.journal.record(logged(self.request, None, now));
        }
    }
}

/// Returns what test control keeps of a request. Without a status, its client gave up.
pub(super) fn logged(request: &HttpRequest, status: Option<u16>, now: Timestamp) -> LoggedRequest {
    let extensions = request.extensions();
    let observed = extensions.get::<Observed>();
    let is_cut = request.conn_data::<Rc<ConnectionState>>().is_some_and(|state| state.is_cut());
    let path = request.uri().path_and_query().map_or(request.path(), |path| path.as_str());
    let body = observed.and_then(|observed| observed.body.as_deref());
    LoggedRequest {
        time: now,
        method: request.method().to_string(),
        path: redact(path).into_owned(),
        operation: extensions.get::<UsedOperation>().map(|used| used.id),
        status: status.filter(|_| !is_cut),
        workspace: observed.map(|observed| observed.workspace.clone()),
        key_prefix: extensions.get::<UsedKey>().map(|used| used.0.key.prefix.clone()),
        request_id: extensions.get::<RequestId>().map_or("", RequestId::as_str).to_owned(),
        fault: observed.and_then(|observed| observed.fault.clone()),
        body: body.and_then(LoggedBody::new),
    }
}
