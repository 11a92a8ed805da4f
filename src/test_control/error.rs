//! The errors of these routes, in the API's envelope.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, WWW_AUTHENTICATE};

use crate::http::error_envelope::{ErrorCode, ErrorEntry, ErrorType, error_body};
use crate::http::request_limits::BodyError;
use crate::model::parse::problem::Problem;
use crate::model::transfer::{ImportFault, Place};
use crate::model::workspace::SnapshotName;
use crate::service::test_control::faults::MAX_FAULTS;
use crate::store::{MAX_SNAPSHOTS, StoreError};

#[derive(Debug, thiserror::Error)]
pub(super) enum ControlError {
    #[error("The request is invalid.")]
    Invalid(Vec<Problem>),
    #[error("{0} is not a field of this request. Its fields are: {1}.")]
    UnknownField(String, String),
    #[error("{0} is not a query parameter of this request. Check its name.")]
    UnknownParameter(String),
    #[error("The request body is not valid JSON: {0}.")]
    InvalidJson(String),
    #[error("The request body must be a JSON object.")]
    InvalidBody,
    #[error("The request body is too large. It can be up to 8 MiB.")]
    BodyTooLarge,
    #[error("The request body arrived too slowly. Check your connection and try again.")]
    BodyTooSlow,
    #[error("The request headers are too large. They can be up to 32 KiB in total.")]
    HeadersTooLarge,
    #[error("This path doesn't support this method. Supported methods: {0}.")]
    MethodNotAllowed(String),
    #[error(
        "Test control needs the token that the server was started with. Send it in the \
         Authorization header, as \"Bearer <token>\"."
    )]
    WrongToken,
    #[error(
        "Without a token, test control can only be used from the machine that the server runs on. \
         Start the server with --test-control-token and send the token in the Authorization header."
    )]
    RemotePeer,
    #[error(
        "Without a token, test control accepts no requests with the {0} header that was sent, \
         because a web page or a proxy may have sent them. Connect to 127.0.0.1 or localhost \
         directly, or start the server with --test-control-token and send the token in the \
         Authorization header."
    )]
    ForeignHeader(&'static str),
    #[error(
        "Without a token, test control accepts no HTTP/1.0 requests, because a proxy may have sent \
         them. Use HTTP/1.1, or start the server with --test-control-token and send the token in \
         the Authorization header."
    )]
    OldVersion,
    #[error("There is no fault with this ID. It may have affected all its requests already.")]
    FaultNotFound,
    #[error("There are already {MAX_FAULTS} faults. Remove some with DELETE /_test/faults.")]
    TooManyFaults,
    #[error(
        "Webhook deliveries were still due or in flight after {0} ms. Check whether the receiver \
         responds, or increase timeout_ms."
    )]
    NotDrained(u128),
    #[error("slug is already used by another workspace. Choose a different one, or send none.")]
    SlugTaken,
    #[error("The seed is invalid.")]
    InvalidSeed(Vec<ImportFault>),
    #[error("There is no workspace with this slug. Check its spelling.")]
    WorkspaceNotFound,
    #[error("The workspace has no snapshot with this name. Take one with PUT first.")]
    SnapshotNotFound,
    #[error("The name of a snapshot must be {}.", SnapshotName::REQUIREMENT)]
    InvalidSnapshotName,
    #[error(
        "The workspace already has {MAX_SNAPSHOTS} snapshots. Replace one of them, or use another \
         workspace."
    )]
    TooManySnapshots,
    #[error(
        "Snapshots need a database in SQLite. Start a server without the `database` setting, or \
         with --ephemeral."
    )]
    NeedsSqlite,
    #[error(
        "Another process, such as `import`, has added or removed rows of this workspace since the \
         snapshot, so it can't be restored. Reset the workspace, or make such changes before you \
         take the snapshot."
    )]
    ChangedElsewhere,
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl ControlError {
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        Self::Store(StoreError::Internal(error.to_string()))
    }

    pub fn to_http_response(&self) -> HttpResponse {
        let entries = self.entries();
        let Some((first, body)) = error_body(&entries) else {
            return HttpResponse::InternalServerError().finish();
        };
        let mut response = HttpResponse::build(first.status);
        match self {
            Self::WrongToken => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Self::MethodNotAllowed(allowed) => {
                response.insert_header((ALLOW, allowed.as_str()));
            }
            Self::BodyTooSlow => {
                // The rest of the body would be parsed as the next request.
                response.force_close();
            }
            _ => {}
        }
        let mut response = response.json(body);
        ErrorCode::add_to(&mut response, first.code);
        response
    }

    fn entries(&self) -> Vec<ErrorEntry> {
        use ErrorType::{
            AuthenticationError, Conflict, InternalError, InvalidRequestError, NotFound,
            PermissionError,
        };
        use StatusCode as S;
        let (status, kind, code) = match self {
            Self::Invalid(problems) => return problems.iter().map(ErrorEntry::from).collect(),
            Self::InvalidSeed(faults) => return faults.iter().map(seed_entry).collect(),
            Self::UnknownField(..) => (S::BAD_REQUEST, InvalidRequestError, "unknown_field"),
            Self::UnknownParameter(_) => (S::BAD_REQUEST, InvalidRequestError, "unknown_parameter"),
            Self::InvalidJson(_) => (S::BAD_REQUEST, InvalidRequestError, "invalid_json"),
            Self::InvalidBody => (S::BAD_REQUEST, InvalidRequestError, "invalid_body"),
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, InvalidRequestError, "payload_too_large"),
            Self::BodyTooSlow => (S::REQUEST_TIMEOUT, InvalidRequestError, "request_timeout"),
            Self::HeadersTooLarge => {
                (S::REQUEST_HEADER_FIELDS_TOO_LARGE, InvalidRequestError, "payload_too_large")
            }
            Self::MethodNotAllowed(_) => {
                (S::METHOD_NOT_ALLOWED, InvalidRequestError, "method_not_allowed")
            }
            Self::WrongToken => (S::UNAUTHORIZED, AuthenticationError, "invalid_token"),
            Self::RemotePeer | Self::ForeignHeader(_) | Self::OldVersion => {
                (S::FORBIDDEN, PermissionError, "token_required")
            }
            Self::FaultNotFound => (S::NOT_FOUND, NotFound, "fault_not_found"),
            Self::TooManyFaults => (S::BAD_REQUEST, InvalidRequestError, "too_many_faults"),
            Self::SlugTaken => (S::CONFLICT, Conflict, "slug_taken"),
            Self::WorkspaceNotFound => (S::NOT_FOUND, NotFound, "workspace_not_found"),
            Self::SnapshotNotFound => (S::NOT_FOUND, NotFound, "snapshot_not_found"),
            Self::InvalidSnapshotName => (S::BAD_REQUEST, InvalidRequestError, "invalid_string"),
            Self::TooManySnapshots => (S::BAD_REQUEST, InvalidRequestError, "too_many_snapshots"),
            Self::NeedsSqlite => (S::BAD_REQUEST, InvalidRequestError, "needs_sqlite"),
            Self::ChangedElsewhere => (S::CONFLICT, Conflict, "changed_elsewhere"),
            Self::NotDrained(_) => (S::REQUEST_TIMEOUT, InvalidRequestError, "not_drained"),
            Self::Store(StoreError::Unavailable(_) | StoreError::Interrupted) => {
                (S::SERVICE_UNAVAILABLE, InternalError, "unavailable")
            }
            Self::Store(StoreError::OutcomeUnknown(_)) => {
                (S::SERVICE_UNAVAILABLE, InternalError, "outcome_unknown")
            }
            Self::Store(_) => (S::INTERNAL_SERVER_ERROR, InternalError, "internal_error"),
        };
        let field = match self {
            Self::UnknownField(name, _) | Self::UnknownParameter(name) => Some(name.clone()),
            Self::SlugTaken => Some("slug".to_owned()),
            Self::InvalidSnapshotName => Some("name".to_owned()),
            _ => None,
        };
        vec![ErrorEntry { status, kind, code, message: self.to_string(), field }]
    }
}

fn seed_entry(fault: &ImportFault) -> ErrorEntry {
    ErrorEntry {
        status: StatusCode::BAD_REQUEST,
        kind: ErrorType::InvalidRequestError,
        code: "invalid_seed",
        message: fault.to_string(),
        field: Some(seed_path(fault)),
    }
}

/// Returns the path of what is wrong, such as `seed.customers[3].email`.
fn seed_path(fault: &ImportFault) -> String {
    let place = match &fault.place {
        Place::Path(path) if path == "seed" => String::new(),
        Place::Path(path) => format!(".{path}"),
        // A text has lines, and no paths if it can't be parsed.
        Place::Line(_) => String::new(),
    };
    match &fault.field {
        Some(field) if !place.ends_with(&format!(".{field}")) => format!("seed{place}.{field}"),
        _ => format!("seed{place}"),
    }
}

impl From<BodyError> for ControlError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::BodyTooLarge,
            BodyError::TooSlow => Self::BodyTooSlow,
            BodyError::Broken(error) => Self::InvalidJson(error.to_string()),
        }
    }
}
