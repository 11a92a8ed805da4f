//! The errors of each operation, taken from [`ApiError`], so that the document has the codes and
//! bodies that the server really responds with.

use actix_web::http::Method;
use utoipa::openapi::schema::Object;

use super::description::Description;
use super::parameters::PathParameter;
use crate::api::endpoint::Endpoint;
use crate::api::error::ApiError;
use crate::api::operation::Access;
use crate::http::error_envelope::{ErrorBody, ErrorDetail, ErrorType};
use crate::model::key::Scope;
use crate::model::parse::problem::{Problem, Rule};
use crate::model::parse::schema::{Component, ObjectSchema, string, string_enum};
use crate::model::resource::ResourceType;
use crate::model::values::time::Timestamp;

/// Returns all errors that an operation can respond with, in the order of the checks.
pub(super) fn for_operation(endpoint: &Endpoint, description: Description) -> Vec<ApiError> {
    let lacks_scope = match endpoint.operation.access {
        Access::Public => return Vec::new(),
        Access::AnyKey => None,
        Access::Scope(scope) => Some(ApiError::InsufficientScope(scope)),
        Access::AnyOf(scopes) => Some(ApiError::InsufficientScopes(scopes)),
    };
    let mut all = common();
    all.extend(lacks_scope);
    if endpoint.method != Method::GET {
        all.push(ApiError::OutcomeUnknown(String::new()));
    }
    if endpoint.method == Method::POST {
        all.extend([
            ApiError::InvalidIdempotencyKey,
            ApiError::IdempotencyKeyReused,
            ApiError::IdempotencyKeyInUse,
        ]);
    }
    if description.body.is_some() {
        all.extend([ApiError::UnsupportedEncoding, invalid_json(), ApiError::InvalidBody]);
    }
    if endpoint.method == Method::PATCH {
        all.push(ApiError::EmptyPatch);
    }
    all.extend(description.problems.into_iter().map(|problem| ApiError::Invalid(vec![problem])));
    let in_path = PathParameter::find_in(endpoint.path);
    all.extend(in_path.map(|parameter| ApiError::NotFound(parameter.resource())));
    all.extend(description.failures);
    all
}

/// Returns the errors that every operation with an API key can respond with.
pub(super) fn common() -> Vec<ApiError> {
    vec![
        ApiError::HeadersTooLarge,
        ApiError::MissingKey,
        ApiError::InvalidKey,
        ApiError::RevokedKey,
        ApiError::RateLimited(12),
        ApiError::TooManyWrongSecrets(12),
        ApiError::BodyTooLarge,
        ApiError::BodyTooSlow,
        ApiError::Unavailable(String::new()),
        ApiError::Internal(String::new()),
    ]
}

fn invalid_json() -> ApiError {
    ApiError::InvalidJson("The request body is empty. Send a JSON object.".to_owned())
}

fn one_of_every_kind() -> Vec<ApiError> {
    use ResourceType::{Contact, Customer, Onboarding};
    use strum::VariantArray;
    let rule = |&rule: &Rule| {
        let (message, field) = (String::new(), String::new());
        ApiError::Invalid(vec![Problem { rule, message, field }])
    };
    let mut all: Vec<ApiError> = Rule::VARIANTS.iter().map(rule).collect();
    all.extend([
        invalid_json(),
        ApiError::InvalidBody,
        ApiError::EmptyPatch,
        ApiError::InvalidIdempotencyKey,
        ApiError::BodyTooLarge,
        ApiError::BodyTooSlow,
        ApiError::UnsupportedEncoding,
        ApiError::HeadersTooLarge,
        ApiError::MissingKey,
        ApiError::InvalidKey,
        ApiError::RevokedKey,
        ApiError::ExpiredKey(Timestamp::from_micros(0)),
        ApiError::InsufficientScope(Scope::ReadCustomers),
        ApiError::InsufficientScopes(&[Scope::ReadCustomers]),
        ApiError::RouteNotFound,
        ApiError::RepeatedBasePath,
        ApiError::MethodNotAllowed(String::new()),
        ApiError::NotFound(Customer),
        ApiError::NotFound(Contact),
        ApiError::NotFound(Onboarding),
        ApiError::SlugTaken,
        ApiError::EmailTaken,
        ApiError::IdempotencyKeyReused,
        ApiError::IdempotencyKeyInUse,
        ApiError::RateLimited(1),
        ApiError::TooManyWrongSecrets(1),
        ApiError::Unavailable(String::new()),
        ApiError::OutcomeUnknown(String::new()),
        ApiError::Internal(String::new()),
    ]);
    all
}

/// Returns when an error occurs, as the summary of its example.
pub(super) fn summary(error: &ApiError) -> &'static str {
    match error {
        ApiError::Invalid(problems) => {
            problems.first().map_or("", |first| rule_summary(first.rule))
        }
        ApiError::InvalidJson(_) => "The body is empty or not valid JSON.",
        ApiError::InvalidBody => "The body is not a JSON object.",
        ApiError::EmptyPatch => "The body contains no field that can be updated.",
        ApiError::BodyTooLarge => "The body is larger than 1 MiB.",
        ApiError::BodyTooSlow => "The body arrived too slowly.",
        ApiError::UnsupportedEncoding => {
            "The body has a `Content-Encoding` other than `identity`, such as `gzip`."
        }
        ApiError::HeadersTooLarge => "The headers are larger than 32 KiB.",
        ApiError::RouteNotFound => "No endpoint has this path.",
        ApiError::RepeatedBasePath => "The path contains `/api/v1` twice.",
        ApiError::MethodNotAllowed(_) => "The endpoint doesn't support the method.",
        ApiError::MissingKey => "No API key was sent.",
        ApiError::InvalidKey => "The API key is malformed or unknown.",
        ApiError::RevokedKey | ApiError::ExpiredKey(_) => "The API key was revoked or has expired.",
        ApiError::InsufficientScope(_) => "The API key doesn't have the required scope.",
        ApiError::InsufficientScopes(_) => "The API key has none of the accepted scopes.",
        ApiError::NotFound(ResourceType::Customer) => "There is no such customer.",
        ApiError::NotFound(ResourceType::Contact) => "There is no such contact.",
        ApiError::NotFound(ResourceType::Onboarding) => "There is no such onboarding.",
        ApiError::NotFound(ResourceType::ApiKey) => "There is no such API key.",
        ApiError::NotFound(ResourceType::WebhookEndpoint) => "There is no such endpoint.",
        ApiError::SlugTaken => "Another customer already uses the slug.",
        ApiError::EmailTaken => "Another contact of the customer already uses the email address.",
        ApiError::IdempotencyKeyReused => {
            "The idempotency key was already used with a different body."
        }
        ApiError::IdempotencyKeyInUse => {
            "Another request with the idempotency key is still in progress."
        }
        ApiError::InvalidIdempotencyKey => {
            "The idempotency key is empty or too long, or more than one was sent."
        }
        ApiError::RateLimited(_) => "The API key has used up its rate limit.",
        ApiError::TooManyWrongSecrets(_) => {
            "Too many attempts with a wrong secret within a minute: for this key from your IP \
             address, or for any key from your network. Keys that the server has already verified \
             since it started are not affected. The response has no rate limit headers."
        }
        ApiError::Unavailable(_) => {
            "The server can't process the request right now. Nothing was stored."
        }
        ApiError::OutcomeUnknown(_) => {
            "The change may have been stored, but the database did not confirm it. Occurs only with \
             PostgreSQL."
        }
        ApiError::Internal(_) => "Internal server error.",
    }
}

fn rule_summary(rule: Rule) -> &'static str {
    match rule {
        Rule::MissingField => "A required field is missing.",
        Rule::InvalidType => "A value has the wrong type.",
        Rule::InvalidString => "A string has the wrong format.",
        Rule::InvalidEnumValue => "A string is not one of the allowed values.",
        Rule::TooSmall => "A value is too short or too small.",
        Rule::TooBig => "A value is too long or too large, or a list has too many items.",
        Rule::ConflictingFields => "Two fields contradict each other.",
    }
}

impl Component for ErrorType {
    const NAME: &'static str = "ErrorType";

    fn component() -> Object {
        string_enum::<Self>(&[], "The type of an error. It corresponds to the HTTP status.")
    }
}

struct Code;

impl Component for Code {
    const NAME: &'static str = "ErrorCode";

    fn component() -> Object {
        let codes = one_of_every_kind().into_iter().filter_map(|error| Some(error.example()?.1));
        let mut codes: Vec<&str> = codes.collect();
        let mut seen = std::collections::HashSet::new();
        codes.retain(|code| seen.insert(*code));
        string()
            .enum_values(Some(codes))
            .description(Some("A machine-readable error code. New codes may be added."))
            .build()
    }
}

impl Component for ErrorDetail<'_> {
    const NAME: &'static str = "ErrorDetail";

    fn component() -> Object {
        let field = "The field or parameter that caused the error, if there is one: a name, or a \
                     path such as `labels.2`.";
        let errors = "Addition: the hosted API doesn't have this field. All errors in the request, \
                      if there is more than one. The first one repeats the error itself.";
        ObjectSchema::new(&["Details of an error."])
            .property::<ErrorType>("type", &["The type of the error."])
            .property::<Code>("code", &["A machine-readable error code."])
            .property::<String>(
                "message",
                &["A human-readable message. Its wording may change; don't parse it."],
            )
            .optional_property::<String>("field", &[field])
            .optional_property::<Vec<Self>>("errors", &[errors])
            .build()
    }
}

impl Component for ErrorBody<'_> {
    const NAME: &'static str = "Error";

    fn component() -> Object {
        ObjectSchema::new(&["The response to a request that failed."])
            .property::<ErrorDetail<'_>>("error", &["Details of the error."])
            .build()
    }
}

pub(super) fn components() -> [(&'static str, Object); 4] {
    fn component<C: Component>() -> (&'static str, Object) {
        (C::NAME, C::component())
    }
    [
        component::<ErrorBody<'_>>(),
        component::<ErrorDetail<'_>>(),
        component::<ErrorType>(),
        component::<Code>(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::mem::discriminant;

    use strum::EnumCount;

    use super::*;

    #[test]
    fn every_kind_of_error_is_documented() {
        let kinds: HashSet<_> = one_of_every_kind().iter().map(discriminant).collect();
        assert_eq!(kinds.len(), ApiError::COUNT);
        assert!(one_of_every_kind().iter().all(|error| summary(error).ends_with('.')));
    }
}
