//! The error table: every code of the API, its type, its status and its envelope.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use serde_json::Value;
use strum::VariantNames;

use crate::model::event_feed::unknown_after;
use crate::model::idempotency::Retry;
use crate::model::key::Scope;
use crate::model::parse::problem::Problem;
use crate::model::resource::ResourceType;
use crate::service::read_threads::ReadThreadsError;
use crate::service::turns::TurnError;
use crate::store::StoreError;

/// Why a request is not answered with what it asked for.
#[derive(Debug, strum::EnumCount, thiserror::Error)]
pub(super) enum ApiError {
    #[error("the request does not validate")]
    Invalid(Vec<Problem>),
    #[error("{0}")]
    InvalidJson(String),
    #[error("the body must be a JSON object")]
    InvalidBody,
    #[error("the body mentions no property that can be changed")]
    EmptyPatch,
    #[error("the body is larger than 1 MiB")]
    BodyTooLarge,
    #[error("the body arrived too slowly")]
    BodyTooSlow,
    #[error("the server does not decode the request's Content-Encoding; send the body without one")]
    UnsupportedEncoding,
    #[error("the headers are larger than 32 KiB")]
    HeadersTooLarge,
    #[error("no route has this path")]
    RouteNotFound,
    #[error("no route has this path, which has /api/v1 twice; drop /api/v1 from the base URL")]
    BasePathTwice,
    #[error("this path does not know the method; it knows {0}")]
    MethodNotAllowed(String),
    #[error("no API key was given; send it as \"Authorization: Bearer <key>\"")]
    MissingKey,
    #[error("the API key is not valid")]
    InvalidKey,
    #[error("the API key has been revoked")]
    RevokedKey,
    #[error("the API key lacks the scope {}", <&str>::from(*.0))]
    InsufficientScope(Scope),
    #[error("the API key needs at least one of the scopes {}", names(.0).join(", "))]
    InsufficientScopes(&'static [Scope]),
    #[error("no such {}", <&str>::from(*.0))]
    NotFound(ResourceType),
    #[error("slug is taken by another customer")]
    SlugTaken,
    #[error("email is taken by another contact of the customer")]
    EmailTaken,
    #[error("the idempotency key was used with another body")]
    IdempotencyKeyReused,
    #[error("a request with this idempotency key is still being answered")]
    IdempotencyKeyInUse,
    #[error("Idempotency-Key must be 1 to {max} bytes", max = Retry::MAX_KEY)]
    InvalidIdempotencyKey,
    #[error("rate limit exceeded. Retry after {0} seconds")]
    RateLimited(i64),
    #[error("rate limit exceeded. Retry after {0} seconds")]
    TooManyWrongSecrets(i64),
    #[error("the server cannot do this at the moment; nothing was stored, try again: {0}")]
    Unavailable(String),
    #[error("the server made a mistake: {0}")]
    Internal(String),
}

/// The `type`s of errors, which tell the status.
#[derive(Clone, Copy, Serialize, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(super) enum Type {
    InvalidRequestError,
    AuthenticationError,
    PermissionError,
    NotFound,
    Conflict,
    RateLimitError,
    InternalError,
}

/// A row of the table.
struct Entry {
    status: StatusCode,
    kind: Type,
    code: &'static str,
    message: String,
    field: Option<String>,
}

/// The body of an answer.
#[derive(Serialize)]
pub(super) struct Envelope<'e> {
    error: Content<'e>,
}

#[derive(Serialize)]
pub(super) struct Content<'e> {
    r#type: Type,
    code: &'e str,
    message: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'e str>,
    /// All of them, when there is more than one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Content<'e>>,
}

impl Entry {
    fn content<'e>(&'e self, errors: Vec<Content<'e>>) -> Content<'e> {
        Content {
            r#type: self.kind,
            code: self.code,
            message: &self.message,
            field: self.field.as_deref(),
            errors,
        }
    }
}

impl ApiError {
    /// The answer that tells the client.
    pub fn respond(&self) -> HttpResponse {
        let entries = self.entries();
        let Some((first, envelope)) = envelope(&entries) else {
            return HttpResponse::InternalServerError().finish();
        };
        let mut response = HttpResponse::build(first.status);
        self.add_headers(&mut response);
        response.json(envelope)
    }

    /// The same to be shown as an example: its status, its code and its body.
    pub fn example(&self) -> Option<(StatusCode, &'static str, Value)> {
        let entries = self.entries();
        let (first, envelope) = envelope(&entries)?;
        Some((first.status, first.code, serde_json::to_value(envelope).ok()?))
    }

    /// Whether the cause has to be found by whoever runs the server.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Internal(_))
    }

    fn add_headers(&self, response: &mut HttpResponseBuilder) {
        match self {
            Self::MissingKey | Self::InvalidKey | Self::RevokedKey => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Self::MethodNotAllowed(allowed) => {
                response.insert_header((ALLOW, allowed.as_str()));
            }
            // Distinguishes it from a 415 for the media type (RFC 9110, 15.5.16).
            Self::UnsupportedEncoding => {
                response.insert_header((ACCEPT_ENCODING, "identity"));
            }
            Self::BodyTooSlow => {
                // The rest of the body would be taken for the next request.
                response.force_close();
            }
            Self::Unavailable(_) => {
                response.insert_header((RETRY_AFTER, "1"));
            }
            Self::RateLimited(wait) | Self::TooManyWrongSecrets(wait) => {
                response.insert_header((RETRY_AFTER, *wait));
            }
            _ => {}
        }
    }

    /// The table.
    fn entries(&self) -> Vec<Entry> {
        use StatusCode as S;
        use Type as T;
        let (status, kind, code, field) = match self {
            Self::Invalid(problems) => return problems.iter().map(entry_of).collect(),
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
            Self::RouteNotFound | Self::BasePathTwice => {
                (S::NOT_FOUND, T::NotFound, "route_not_found", None)
            }
            Self::MethodNotAllowed(_) => {
                (S::METHOD_NOT_ALLOWED, T::InvalidRequestError, "method_not_allowed", None)
            }
            Self::MissingKey => (S::UNAUTHORIZED, T::AuthenticationError, "missing_api_key", None),
            Self::InvalidKey => (S::UNAUTHORIZED, T::AuthenticationError, "invalid_api_key", None),
            Self::RevokedKey => (S::UNAUTHORIZED, T::AuthenticationError, "api_key_revoked", None),
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
            // Keys have no endpoint of their own.
            Self::NotFound(ResourceType::ApiKey) => {
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
            Self::Internal(_) => {
                (S::INTERNAL_SERVER_ERROR, T::InternalError, "internal_error", None)
            }
        };
        // What happened inside the server is for its log, where the request id finds it.
        let message = match self {
            Self::Unavailable(_) => {
                "The server cannot do this at the moment. Nothing was stored; try again.".to_owned()
            }
            Self::Internal(_) => "The server made a mistake. Its log has the cause.".to_owned(),
            other => sentence(&other.to_string()),
        };
        vec![Entry { status, kind, code, message, field: field.map(str::to_owned) }]
    }
}

/// The envelope of what went wrong, and the first of it.
fn envelope(entries: &[Entry]) -> Option<(&Entry, Envelope<'_>)> {
    let (first, more) = entries.split_first()?;
    let errors = match more {
        [] => Vec::new(),
        _ => entries.iter().map(|entry| entry.content(Vec::new())).collect(),
    };
    Some((first, Envelope { error: first.content(errors) }))
}

fn entry_of(problem: &Problem) -> Entry {
    Entry {
        status: StatusCode::BAD_REQUEST,
        kind: Type::InvalidRequestError,
        code: problem.rule.into(),
        message: problem.message.clone(),
        field: Some(problem.field.clone()),
    }
}

fn names(scopes: &[Scope]) -> Vec<&'static str> {
    scopes.iter().map(<&str>::from).collect()
}

/// A message as a sentence, unless it begins with a property's name.
fn sentence(message: &str) -> String {
    if message.starts_with("slug") || message.starts_with("email") {
        return message.to_owned();
    }
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
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

impl From<TurnError> for ApiError {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::TooMany(wait) => Self::TooManyWrongSecrets(wait),
            TurnError::Busy | TurnError::Stopping => Self::Unavailable(error.to_string()),
            TurnError::Hash(_) => Self::Internal(error.to_string()),
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
            | StoreError::Suspected(_)
            | StoreError::Damaged(_)
            | StoreError::Gone(_)
            | StoreError::Interrupted => Self::Unavailable(error.to_string()),
            StoreError::Internal(_) => Self::Internal(error.to_string()),
        }
    }
}
