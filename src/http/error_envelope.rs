//! The envelope that every error is sent in.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use strum::VariantNames;

use crate::model::parse::problem::Problem;

/// The `type` of an error, which determines the possible statuses.
#[derive(Clone, Copy, Serialize, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(crate) enum ErrorType {
    InvalidRequestError,
    AuthenticationError,
    PermissionError,
    NotFound,
    Conflict,
    RateLimitError,
    InternalError,
}

/// An error before it is serialized.
pub(crate) struct ErrorEntry {
    pub status: StatusCode,
    pub kind: ErrorType,
    pub code: &'static str,
    pub message: String,
    pub field: Option<String>,
}

/// The body of an error response.
#[derive(Serialize)]
pub(crate) struct ErrorBody<'e> {
    pub error: ErrorDetail<'e>,
}

#[derive(Serialize)]
pub(crate) struct ErrorDetail<'e> {
    pub r#type: ErrorType,
    pub code: &'e str,
    pub message: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'e str>,
    /// All errors, if there is more than one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorDetail<'e>>,
}

impl ErrorEntry {
    fn detail<'e>(&'e self, errors: Vec<ErrorDetail<'e>>) -> ErrorDetail<'e> {
        ErrorDetail {
            r#type: self.kind,
            code: self.code,
            message: &self.message,
            field: self.field.as_deref(),
            errors,
        }
    }
}

/// The code of an error response, stored in its extensions for the access log.
pub(crate) struct ErrorCode(Cow<'static, str>);

impl ErrorCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Stores the code in the extensions of a response.
    pub fn add_to(response: &mut HttpResponse, code: impl Into<Cow<'static, str>>) {
        response.extensions_mut().insert(Self(code.into()));
    }
}

/// Returns the body of an error response, and the entry that determines its status.
pub(crate) fn error_body(entries: &[ErrorEntry]) -> Option<(&ErrorEntry, ErrorBody<'_>)> {
    let (first, more) = entries.split_first()?;
    let errors = match more {
        [] => Vec::new(),
        _ => entries.iter().map(|entry| entry.detail(Vec::new())).collect(),
    };
    Some((first, ErrorBody { error: first.detail(errors) }))
}

impl From<&Problem> for ErrorEntry {
    fn from(problem: &Problem) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: ErrorType::InvalidRequestError,
            code: problem.rule.into(),
            message: problem.message.clone(),
            field: Some(problem.field.clone()),
        }
    }
}
