//! The API's errors with their codes, types, statuses, and messages.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::Value;

use crate::http::error_envelope::{ErrorCode, ErrorEntry, ErrorType, error_body};
use crate::model::event_feed::unknown_after;
use crate::model::idempotency::IdempotentRequest;
use crate::model::key::Scope;
use crate::model::parse::problem::Problem;
use crate::model::resource::ResourceType;
use crate::model::values::time::Timestamp;
use crate::service::auth_limits::hash_queue::HashingError;
use crate::service::read_threads::ReadThreadsError;
use crate::store::StoreError;

/// An error that the API responds with. Its text is the response's `message`, except for
/// `Unavailable`, `OutcomeUnknown`, and `Internal`, which are only logged.
#[derive(Debug, strum::EnumCount, thiserror::Error)]
pub(super) enum ApiError {
    #[error("The request is invalid.")]
    Invalid(Vec<Problem>),
    #[error("{0}")]
    InvalidJson(String),
    #[error("The request body must be a JSON object.")]
    InvalidBody,
    #[error("The request body has no fields to update. Send at least one.")]
    EmptyPatch,
    #[error("The request body is too large. It can be up to 1 MiB.")]
    BodyTooLarge,
    #[error("The request body arrived too slowly. Check your connection and try again.")]
    BodyTooSlow,
    #[error(
        "The request body has an unsupported Content-Encoding. Send it uncompressed, without this \
         header."
    )]
    UnsupportedEncoding,
    #[error("The request headers are too large. They can be up to 32 KiB in total.")]
    HeadersTooLarge,
    #[error("There is no endpoint at this path. Check the URL.")]
    RouteNotFound,
    #[error(
        "There is no endpoint at this path because it contains /api/v1 twice. Remove /api/v1 from \
         your base URL."
    )]
    RepeatedBasePath,
    #[error("This endpoint doesn't support this method. Supported methods: {0}.")]
    MethodNotAllowed(String),
    #[error("No API key provided. Send one in the Authorization header, as \"Bearer <key>\".")]
    MissingKey,
    #[error("Invalid API key. Check that the key is complete and belongs to this server.")]
    InvalidKey,
    #[error("This API key has been revoked. Use another key.")]
    RevokedKey,
    #[error("This API key expired at {0}. Use another key.")]
    ExpiredKey(Timestamp),
    #[error("This API key doesn't have the {} scope. Use a key that has it.", <&str>::from(*.0))]
    InsufficientScope(Scope),
    #[error(
        "This API key has none of these scopes: {}. Use a key that has at least one of them.",
        scope_names(.0).join(", ")
    )]
    InsufficientScopes(&'static [Scope]),
    #[error("No such {} in this workspace. Check the ID.", <&str>::from(*.0))]
    NotFound(ResourceType),
    #[error("slug is already used by another customer. Choose a different one.")]
    SlugTaken,
    #[error("email is already used by another contact of this customer. Use a different one.")]
    EmailTaken,
    #[error(
        "This idempotency key was already used with a different request body. Use a new key for a \
         new request."
    )]
    IdempotencyKeyReused,
    #[error("A request with this idempotency key is still in progress. Retry after it finishes.")]
    IdempotencyKeyInUse,
    #[error("Idempotency-Key must be a single value of 1 to {max} bytes.", max = IdempotentRequest::MAX_KEY_BYTES)]
    InvalidIdempotencyKey,
    #[error("Rate limit exceeded. Retry after {0} s.")]
    RateLimited(i64),
    #[error("Rate limit exceeded. Retry after {0} s.")]
    TooManyWrongSecrets(i64),
    #[error("temporarily unable to process the request; nothing was stored: {0}")]
    Unavailable(String),
    #[error("{0}")]
    OutcomeUnknown(String),
    #[error("internal error: {0}")]
    Internal(String),
}

impl ApiError {
    pub fn to_http_response(&self) -> HttpResponse {
        let entries = self.entries();
        let Some((first, body)) = error_body(&entries) else {
            return HttpResponse::InternalServerError().finish();
        };
        let mut response = HttpResponse::build(first.status);
        self.add_headers(&mut response);
        let mut response = response.json(body);
        ErrorCode::add_to(&mut response, first.code);
        response
    }

    /// Like `to_http_response`, with another status, and optionally with another code.
    pub fn to_injected_response(&self, status: StatusCode, code: Option<&str>) -> HttpResponse {
        let entries = self.entries();
        let Some((first, mut body)) = error_body(&entries) else {
            return HttpResponse::InternalServerError().finish();
        };
        let in_log = code.map_or(Cow::Borrowed(first.code), |code| Cow::Owned(code.to_owned()));
        if let Some(code) = code {
            (body.error.code, body.error.field) = (code, None);
            body.error.message = "This error was injected by a test.";
        }
        let mut response = HttpResponse::build(status);
        self.add_headers(&mut response);
        let mut response = response.json(body);
        ErrorCode::add_to(&mut response, in_log);
        response
    }

    /// Returns the status, the code, and the body, as an example for the OpenAPI document.
    pub fn example(&self) -> Option<(StatusCode, &'static str, Value)> {
        let entries = self.entries();
        let (first, body) = error_body(&entries)?;
        Some((first.status, first.code, serde_json::to_value(body).ok()?))
    }

    /// Returns whether the cause is on the server and must be logged for its operator.
    pub fn is_server_error(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown(_) | Self::Internal(_))
    }

    fn add_headers(&self, response: &mut HttpResponseBuilder) {
        match self {
            Self::MissingKey | Self::InvalidKey | Self::RevokedKey | Self::ExpiredKey(_) => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Self::MethodNotAllowed(allowed) => {
                response.insert_header((ALLOW, allowed.as_str()));
            }
            // Distinguishes this 415 from one for the media type (RFC 9110, 15.5.16).
            Self::UnsupportedEncoding => {
                response.insert_header((ACCEPT_ENCODING, "identity"));
            }
            Self::BodyTooSlow => {
                // The rest of the body would be parsed as the next request.
                response.force_close();
            }
            Self::Unavailable(_) | Self::OutcomeUnknown(_) => {
                response.insert_header((RETRY_AFTER, "1"));
            }
            Self::RateLimited(wait) | Self::TooManyWrongSecrets(wait) => {
                response.insert_header((RETRY_AFTER, *wait));
            }
            _ => {}
        }
    }

    fn entries(&self) -> Vec<ErrorEntry> {
        use ErrorType as T;
        use StatusCode as S;
        let (status, kind, code, field) = match self {
            Self::Invalid(problems) => return problems.iter().map(ErrorEntry::from).collect(),
            Self::InvalidJson(_) => (S::BAD_REQUEST, T::InvalidRequestError, "invalid_json", None),
            Self::InvalidBody => (S::BAD_REQUEST, T::InvalidRequestError, "invalid_body", None),
            Self::EmptyPatch => (S::BAD_REQUEST, T::InvalidRequestError, "empty_patch", None),
            Self::BodyTooLarge => {
                (S::PAYLOAD_TOO_LARGE, T::InvalidRequestError, "payload_too_large", None)
            }
            Self::BodyTooSlow => {
                (S::REQUEST_TIMEOUT, T::InvalidRequestError, "request_timeout", None)
            }
            Self::UnsupportedEncoding => {
                (S::UNSUPPORTED_MEDIA_TYPE, T::InvalidRequestError, "unsupported_encoding", None)
            }
            Self::HeadersTooLarge => (
                S::REQUEST_HEADER_FIELDS_TOO_LARGE,
                T::InvalidRequestError,
                "payload_too_large",
                None,
            ),
            Self::RouteNotFound | Self::RepeatedBasePath => {
                (S::NOT_FOUND, T::NotFound, "route_not_found", None)
            }
            Self::MethodNotAllowed(_) => {
                (S::METHOD_NOT_ALLOWED, T::InvalidRequestError, "method_not_allowed", None)
            }
            Self::MissingKey => (S::UNAUTHORIZED, T::AuthenticationError, "missing_api_key", None),
            Self::InvalidKey => (S::UNAUTHORIZED, T::AuthenticationError, "invalid_api_key", None),
            Self::RevokedKey | Self::ExpiredKey(_) => {
                (S::UNAUTHORIZED, T::AuthenticationError, "api_key_revoked", None)
            }
            Self::InsufficientScope(_) | Self::InsufficientScopes(_) => {
                (S::FORBIDDEN, T::PermissionError, "insufficient_scope", None)
            }
            Self::NotFound(ResourceType::Customer) => {
                (S::NOT_FOUND, T::NotFound, "customer_not_found", None)
            }
            Self::NotFound(ResourceType::Contact) => {
                (S::NOT_FOUND, T::NotFound, "contact_not_found", None)
            }
            Self::NotFound(ResourceType::Onboarding) => {
                (S::NOT_FOUND, T::NotFound, "onboarding_not_found", None)
            }
            // No endpoint looks them up.
            Self::NotFound(ResourceType::ApiKey | ResourceType::WebhookEndpoint) => {
                (S::NOT_FOUND, T::NotFound, "route_not_found", None)
            }
            Self::SlugTaken => (S::CONFLICT, T::Conflict, "slug_taken", Some("slug")),
            Self::EmailTaken => (S::CONFLICT, T::Conflict, "email_taken", Some("email")),
            Self::IdempotencyKeyReused => {
                (S::CONFLICT, T::Conflict, "idempotency_key_reused", None)
            }
            Self::IdempotencyKeyInUse => (S::CONFLICT, T::Conflict, "idempotency_key_in_use", None),
            Self::InvalidIdempotencyKey => (
                S::BAD_REQUEST,
                T::InvalidRequestError,
                "invalid_idempotency_key",
                Some("Idempotency-Key"),
            ),
            Self::RateLimited(_) | Self::TooManyWrongSecrets(_) => {
                (S::TOO_MANY_REQUESTS, T::RateLimitError, "rate_limited", None)
            }
            Self::Unavailable(_) => (S::SERVICE_UNAVAILABLE, T::InternalError, "unavailable", None),
            Self::OutcomeUnknown(_) => {
                (S::SERVICE_UNAVAILABLE, T::InternalError, "outcome_unknown", None)
            }
            Self::Internal(_) => {
                (S::INTERNAL_SERVER_ERROR, T::InternalError, "internal_error", None)
            }
        };
        // The cause is only logged, with the request ID.
        let message = match self {
            Self::Unavailable(_) => {
                "The server can't process this request right now. Nothing was stored; try again."
                    .to_owned()
            }
            Self::OutcomeUnknown(_) => {
                "The change may have been stored, but the database did not confirm it. Retry with the \
                 same Idempotency-Key, or read before you retry."
                    .to_owned()
            }
            Self::Internal(_) => {
                "Internal server error. To find the cause, search the server log for this \
                 response's X-Request-Id."
                    .to_owned()
            }
            other => other.to_string(),
        };
        vec![ErrorEntry { status, kind, code, message, field: field.map(str::to_owned) }]
    }
}

fn scope_names(scopes: &[Scope]) -> Vec<&'static str> {
    scopes.iter().map(<&str>::from).collect()
}

impl From<ReadThreadsError> for ApiError {
    fn from(error: ReadThreadsError) -> Self {
        match error {
            ReadThreadsError::Busy | ReadThreadsError::NoThread => {
                Self::Unavailable(error.to_string())
            }
            ReadThreadsError::Panicked => Self::Internal(error.to_string()),
        }
    }
}

impl From<HashingError> for ApiError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::TooManyFailures(wait) => Self::TooManyWrongSecrets(wait),
            HashingError::Busy | HashingError::Stopping => Self::Unavailable(error.to_string()),
            HashingError::Hash(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(resource) => Self::NotFound(resource),
            StoreError::SlugTaken => Self::SlugTaken,
            StoreError::EmailTaken => Self::EmailTaken,
            StoreError::UnknownEvent => Self::Invalid(vec![unknown_after()]),
            StoreError::Unavailable(_)
            | StoreError::SuspectedDamage(_)
            | StoreError::Damaged(_)
            | StoreError::Gone(_)
            | StoreError::Interrupted => Self::Unavailable(error.to_string()),
            StoreError::OutcomeUnknown(_) => Self::OutcomeUnknown(error.to_string()),
            // No operation of the API changes endpoints.
            StoreError::TooManyEndpoints
            | StoreError::EndpointDisabled
            | StoreError::Internal(_) => Self::Internal(error.to_string()),
        }
    }
}
