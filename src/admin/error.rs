//! Why a page is not shown or an action not done: each reason with its status and the words that
//! the visitor reads.

use actix_web::http::StatusCode;

use crate::http::incoming::BodyError;
use crate::model::parse::problem::{Problem, Rule};
use crate::model::resource::ResourceType;
use crate::service::read_threads::ReadThreadsError;
use crate::service::turns::TurnError;
use crate::store::StoreError;

/// Why a visitor does not get what was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdminError {
    #[error("There is no page at this address.")]
    PageNotFound,
    #[error("There is no such {}. It may have been deleted, or belong to another workspace.", resource_name(*.0))]
    NotFound(ResourceType),
    #[error("This address does not know the method; it knows {0}.")]
    MethodNotAllowed(String),
    #[error("{}", .0.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Problem>),
    #[error("Another customer has this slug.")]
    SlugTaken,
    #[error("Another contact of the customer has this email.")]
    EmailTaken,
    #[error(
        "The form is out of date or did not come from these pages. Go back, load the page again, and send it once more."
    )]
    UntrustedForm,
    #[error("There is no workspace yet. Customers, onboardings and keys belong to one.")]
    NoWorkspace,
    #[error("{0}")]
    Conflict(String),
    #[error("The form is too large.")]
    TooLarge,
    #[error("The form arrived too slowly. Check your connection, go back, and send it again.")]
    TooSlow,
    #[error("The form did not arrive: {0}")]
    Broken(String),
    #[error("The request's headers are larger than 32 KiB. Delete this site's cookies.")]
    HeadersTooLarge,
    #[error("Too many failed attempts. Try again in {0} seconds.")]
    TooManyAttempts(i64),
    #[error("the pages cannot do this at the moment: {0}")]
    Unavailable(String),
    #[error("the pages made a mistake: {0}")]
    Internal(String),
}

impl AdminError {
    /// Whether the cause has to be found by whoever runs the server.
    pub fn is_server_error(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Internal(_))
    }

    /// What is wrong with which field, if a form can be corrected.
    pub fn problems(&self) -> Option<Vec<Problem>> {
        let taken = |field: &str| {
            let (rule, message) = (Rule::ConflictingFields, format!("{field} is taken"));
            vec![Problem { rule, message, field: field.to_owned() }]
        };
        match self {
            Self::Invalid(problems) => Some(problems.clone()),
            Self::SlugTaken => Some(taken("slug")),
            Self::EmailTaken => Some(taken("email")),
            _ => None,
        }
    }

    /// Its status, and the title of its page.
    pub fn status(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::PageNotFound | Self::NotFound(_) => (S::NOT_FOUND, "Not found"),
            Self::MethodNotAllowed(_) => (S::METHOD_NOT_ALLOWED, "Not possible here"),
            Self::Invalid(_) | Self::Broken(_) => (S::BAD_REQUEST, "Not understood"),
            Self::SlugTaken | Self::EmailTaken => (S::CONFLICT, "Already taken"),
            Self::Conflict(_) => (S::CONFLICT, "Not possible"),
            Self::UntrustedForm => (S::FORBIDDEN, "Not accepted"),
            Self::NoWorkspace => (S::NOT_FOUND, "No workspace"),
            Self::TooSlow => (S::REQUEST_TIMEOUT, "Too slow"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "Too large"),
            Self::HeadersTooLarge => (S::REQUEST_HEADER_FIELDS_TOO_LARGE, "Too large"),
            Self::TooManyAttempts(_) => (S::TOO_MANY_REQUESTS, "Too many attempts"),
            Self::Unavailable(_) => (S::SERVICE_UNAVAILABLE, "Not available"),
            Self::Internal(_) => (S::INTERNAL_SERVER_ERROR, "Something went wrong"),
        }
    }
}

fn resource_name(resource: ResourceType) -> &'static str {
    match resource {
        ResourceType::ApiKey => "API key",
        other => other.into(),
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(resource) => Self::NotFound(resource),
            StoreError::SlugTaken => Self::SlugTaken,
            StoreError::EmailTaken => Self::EmailTaken,
            StoreError::Unavailable(_)
            | StoreError::Suspected(_)
            | StoreError::Damaged(_)
            | StoreError::Gone(_)
            | StoreError::Interrupted => Self::Unavailable(error.to_string()),
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

impl From<TurnError> for AdminError {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::TooMany(wait) => Self::TooManyAttempts(wait),
            TurnError::Busy | TurnError::Stopping => Self::Unavailable(error.to_string()),
            TurnError::Hash(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<BodyError> for AdminError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TooSlow => Self::TooSlow,
            BodyError::Broken(_) => Self::Broken(error.to_string()),
        }
    }
}

impl From<getrandom::Error> for AdminError {
    fn from(error: getrandom::Error) -> Self {
        Self::Internal(format!("no random numbers: {error}"))
    }
}

impl From<askama::Error> for AdminError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(format!("a template cannot be filled in: {error}"))
    }
}
