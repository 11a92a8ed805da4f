//! The errors of the admin pages, each with its status and the message that the visitor sees.

use actix_web::http::StatusCode;

use crate::http::request_limits::BodyError;
use crate::model::parse::problem::{Problem, Rule};
use crate::model::resource::ResourceType;
use crate::model::webhook::endpoint::MAX_ENDPOINTS;
use crate::service::auth_limits::hash_queue::HashingError;
use crate::service::read_threads::ReadThreadsError;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub(super) enum AdminError {
    #[error("This page doesn't exist.")]
    PageNotFound,
    #[error("This {} doesn't exist. It may have been deleted, or it may belong to another workspace.", resource_name(*.0))]
    NotFound(ResourceType),
    #[error(
        "This delivery doesn't exist. It may be too old for the log, or it may belong to another endpoint."
    )]
    NoDelivery,
    #[error(
        "This import doesn't exist. Uploaded files are kept for 30 minutes, and only until you sign out. Upload the file again."
    )]
    NoImport,
    #[error("This page only accepts {0} requests.")]
    MethodNotAllowed(String),
    #[error("{}", .0.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Problem>),
    #[error("Another customer already has this slug.")]
    SlugTaken,
    #[error("Another contact of this customer already has this email address.")]
    EmailTaken,
    #[error(
        "This form is out of date or didn't come from these pages. Go back, reload the page, and submit it again."
    )]
    UntrustedForm,
    #[error(
        "There is no workspace yet. Customers, onboardings, and API keys belong to a workspace, so create one first."
    )]
    NoWorkspace,
    #[error("{message}")]
    Conflict { title: &'static str, message: String },
    #[error("The form is too large.")]
    TooLarge,
    #[error(
        "The file is larger than {} MiB. Split it into several files, or import it on the command line.",
        .0 >> 20
    )]
    FileTooLarge(usize),
    #[error(
        "The form took too long to arrive. Check your connection, go back, and submit it again."
    )]
    TooSlow,
    #[error("The form could not be read: {0}")]
    Broken(String),
    #[error(
        "The request headers are larger than 32 KiB. Delete this site's cookies and try again."
    )]
    HeadersTooLarge,
    #[error("Too many failed attempts. Try again in {0} seconds.")]
    TooManyAttempts(i64),
    #[error("admin page unavailable: {0}")]
    Unavailable(String),
    #[error("{0}")]
    OutcomeUnknown(String),
    #[error("admin page failed: {0}")]
    Internal(String),
}

impl AdminError {
    /// Returns an error for something that the current state doesn't allow.
    pub fn conflict(title: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { title, message: message.into() }
    }

    /// Whether the server is at fault. Such errors are logged, with details that the visitor
    /// doesn't see.
    pub fn is_server_error(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown(_) | Self::Internal(_))
    }

    /// Returns the problems with the form's fields, if the visitor can fix them.
    pub fn problems(&self) -> Option<Vec<Problem>> {
        let taken = |field: &str| {
            let message = self.to_string().trim_end_matches('.').to_owned();
            vec![Problem { rule: Rule::ConflictingFields, message, field: field.to_owned() }]
        };
        match self {
            Self::Invalid(problems) => Some(problems.clone()),
            Self::SlugTaken => Some(taken("slug")),
            Self::EmailTaken => Some(taken("email")),
            _ => None,
        }
    }

    /// Returns the status and the title of the error page.
    pub fn status(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::PageNotFound => (S::NOT_FOUND, "Page not found"),
            Self::NotFound(resource) => (S::NOT_FOUND, not_found_title(*resource)),
            Self::NoDelivery => (S::NOT_FOUND, "Delivery not found"),
            Self::NoImport => (S::NOT_FOUND, "Import not found"),
            Self::MethodNotAllowed(_) => (S::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::Invalid(_) | Self::Broken(_) => (S::BAD_REQUEST, "Invalid request"),
            Self::SlugTaken => (S::CONFLICT, "Slug already taken"),
            Self::EmailTaken => (S::CONFLICT, "Email address already taken"),
            Self::Conflict { title, .. } => (S::CONFLICT, title),
            Self::UntrustedForm => (S::FORBIDDEN, "Form rejected"),
            Self::NoWorkspace => (S::NOT_FOUND, "No workspace"),
            Self::TooSlow => (S::REQUEST_TIMEOUT, "Request timed out"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "Form too large"),
            Self::FileTooLarge(_) => (S::PAYLOAD_TOO_LARGE, "File too large"),
            Self::HeadersTooLarge => (S::REQUEST_HEADER_FIELDS_TOO_LARGE, "Headers too large"),
            Self::TooManyAttempts(_) => (S::TOO_MANY_REQUESTS, "Too many attempts"),
            Self::Unavailable(_) => (S::SERVICE_UNAVAILABLE, "Temporarily unavailable"),
            Self::OutcomeUnknown(_) => (S::SERVICE_UNAVAILABLE, "Change not confirmed"),
            Self::Internal(_) => (S::INTERNAL_SERVER_ERROR, "Something went wrong"),
        }
    }
}

fn not_found_title(resource: ResourceType) -> &'static str {
    match resource {
        ResourceType::Customer => "Customer not found",
        ResourceType::Contact => "Contact not found",
        ResourceType::Onboarding => "Onboarding not found",
        ResourceType::ApiKey => "API key not found",
        ResourceType::WebhookEndpoint => "Webhook endpoint not found",
    }
}

fn resource_name(resource: ResourceType) -> &'static str {
    match resource {
        ResourceType::ApiKey => "API key",
        ResourceType::WebhookEndpoint => "webhook endpoint",
        other => other.into(),
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(resource) => Self::NotFound(resource),
            StoreError::SlugTaken => Self::SlugTaken,
            StoreError::EmailTaken => Self::EmailTaken,
            StoreError::TooManyEndpoints => Self::conflict(
                "Too many webhook endpoints",
                format!(
                    "This workspace already has {MAX_ENDPOINTS} webhook endpoints. Delete one \
                     first."
                ),
            ),
            StoreError::EndpointDisabled => Self::conflict(
                "Endpoint is disabled",
                "This endpoint is disabled. Enable it first.",
            ),
            StoreError::Unavailable(_)
            | StoreError::SuspectedDamage(_)
            | StoreError::Damaged(_)
            | StoreError::Gone(_)
            | StoreError::Interrupted => Self::Unavailable(error.to_string()),
            StoreError::OutcomeUnknown(_) => Self::OutcomeUnknown(error.to_string()),
            // No page asks for the event feed.
            StoreError::UnknownEvent | StoreError::Internal(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<Vec<Problem>> for AdminError {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Invalid(problems)
    }
}

impl From<ReadThreadsError> for AdminError {
    fn from(error: ReadThreadsError) -> Self {
        match error {
            ReadThreadsError::Busy | ReadThreadsError::NoThread => {
                Self::Unavailable(error.to_string())
            }
            ReadThreadsError::Panicked => Self::Internal(error.to_string()),
        }
    }
}

impl From<HashingError> for AdminError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::TooManyFailures(wait) => Self::TooManyAttempts(wait),
            HashingError::Busy | HashingError::Stopping => Self::Unavailable(error.to_string()),
            HashingError::Hash(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<BodyError> for AdminError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TooSlow => Self::TooSlow,
            BodyError::Broken(source) => Self::Broken(source.to_string()),
        }
    }
}

impl From<getrandom::Error> for AdminError {
    fn from(error: getrandom::Error) -> Self {
        Self::Internal(format!("cannot get random bytes: {error}"))
    }
}

impl From<askama::Error> for AdminError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(format!("cannot render a template: {error}"))
    }
}
