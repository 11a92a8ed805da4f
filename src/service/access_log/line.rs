//! The line of a request in the access log, and that of a server error.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest};
use log::Level;

use super::used::{UsedKey, UsedOperation, UsedWorkspace};
use crate::http::error_envelope::ErrorCode;
use crate::http::peer::Peer;
use crate::http::request_id::RequestId;
use crate::http::trace_context::trace_id;
use crate::logging::Line;
use crate::model::redact::redact;
use crate::service::Service;

/// The maximum length of a logged path or method, in characters. Otherwise, clients could fill the
/// queue of the log with a few lines, and others would be dropped.
const MAX_SHOWN: usize = 1024;

/// The line of a request whose response is ready, but may not have been sent.
pub(super) struct RequestLine(Line);

impl RequestLine {
    /// Returns `None` if the request isn't logged at the level of this log.
    pub fn new<B>(service: &Service, response: &ServiceResponse<B>) -> Option<Self> {
        let (request, status) = (response.request(), response.status());
        let operation = operation(request);
        let level = level(operation, status);
        if !log::log_enabled!(level) {
            return None;
        }
        let headers = request.headers();
        let client = Peer::of(request).map(|peer| service.client_address(peer, headers));
        let (extensions, of_response) = (request.extensions(), response.response().extensions());
        let credentials = extensions.get::<UsedKey>().map(|used| &*used.0);
        let workspace = match credentials {
            Some(credentials) => Some(&credentials.caller.workspace.slug),
            None => extensions.get::<UsedWorkspace>().map(|used| &used.0),
        };
        let line = Line::new(level, "request")
            .text("method", &loggable(request.method().as_str()))
            .text("path", &loggable(request.path()))
            .optional_text("operation", operation.map(|used| used.id))
            .number("status", status.as_u16().into())
            .optional_text("code", of_response.get::<ErrorCode>().map(ErrorCode::as_str))
            .optional_text("client", client.map(|client| client.to_string()).as_deref())
            .optional_text("workspace", workspace.map(|slug| slug.as_str()))
            .optional_text("key", credentials.map(|found| found.key.prefix.as_str()))
            .optional_text("request_id", extensions.get::<RequestId>().map(RequestId::as_str))
            .optional_text("trace_id", trace_id(headers));
        Some(Self(line))
    }

    pub fn write(self, took: Duration, bytes: u64) {
        self.0.number("bytes", bytes).millis("ms", took).write();
    }
}

/// Returns what a client sent as it is logged: not too long, and without secrets.
fn loggable(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", redact(&text[..end])).into(),
        None => redact(text),
    }
}

/// Returns the level of a request's line. What goes wrong on the server is never hidden.
fn level(operation: Option<UsedOperation>, status: StatusCode) -> Level {
    let is_noise = operation.is_some_and(UsedOperation::is_background_noise);
    if is_noise && !status.is_server_error() { Level::Debug } else { Level::Info }
}

/// Returns the operation that handles a request.
pub(super) fn operation(request: &HttpRequest) -> Option<UsedOperation> {
    request.extensions().get::<UsedOperation>().copied()
}

/// Logs an error that is the server's, with the ID of its request.
pub(crate) fn log_server_error(request: &HttpRequest, error: &impl Display) {
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().map(RequestId::as_str);
    Line::new(Level::Error, &error.to_string()).optional_text("request_id", id).write();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::access_log::OperationKind;

    #[test]
    fn a_long_path_is_cut_and_a_key_at_its_end_is_redacted() {
        assert_eq!(loggable(&"é".repeat(1024)), "é".repeat(1024));
        let path = format!("/{}/pivotal_{}", "a".repeat(1000), "k".repeat(46));
        let cut = format!("/{}/pivotal_kkkkkkkk[redacted]…", "a".repeat(1000));
        assert_eq!(loggable(&path), cut);
    }

    #[test]
    fn probes_assets_and_docs_are_only_logged_at_debug_unless_the_server_failed() {
        let level = |kind, status| {
            let status = StatusCode::from_u16(status).unwrap();
            level(Some(UsedOperation::new("x", kind)), status)
        };
        for quiet in [OperationKind::Probe, OperationKind::Asset, OperationKind::Docs] {
            assert_eq!((level(quiet, 200), level(quiet, 404)), (Level::Debug, Level::Debug));
            assert_eq!((level(quiet, 500), level(quiet, 503)), (Level::Info, Level::Info));
        }
        for kind in [OperationKind::Api, OperationKind::AdminPage, OperationKind::TestControl] {
            assert_eq!(level(kind, 200), Level::Info);
        }
        assert_eq!(super::level(None, StatusCode::NOT_FOUND), Level::Info);
    }
}
