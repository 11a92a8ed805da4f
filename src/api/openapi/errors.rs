//! What can go wrong with an operation, taken from the table of errors, so that the description
//! shows the codes and envelopes that the server answers with.

use actix_web::http::Method;
use utoipa::openapi::schema::Object;

use super::description::Description;
use super::parameters::PathParameter;
use crate::api::endpoint::Endpoint;
use crate::api::error::{ApiError, Content, Envelope, Type};
use crate::api::operation::Access;
use crate::model::key::Scope;
use crate::model::parse::problem::{Problem, Rule};
use crate::model::parse::schema::{Component, Shape, choices, string};
use crate::model::resource::ResourceType;

/// Everything that an operation can be answered with instead of what it is asked for, in the order
/// in which it is checked.
pub(super) fn list(endpoint: &Endpoint, description: Description) -> Vec<ApiError> {
    let lacks_scope = match endpoint.operation.access {
        Access::Public => return Vec::new(),
        Access::AnyKey => None,
        Access::Scope(scope) => Some(ApiError::InsufficientScope(scope)),
        Access::AnyOf(scopes) => Some(ApiError::InsufficientScopes(scopes)),
    };
    let mut all = common();
    all.extend(lacks_scope);
    if endpoint.method == Method::POST {
        all.extend([
            ApiError::InvalidIdempotencyKey,
            ApiError::IdempotencyKeyReused,
            ApiError::IdempotencyKeyInUse,
        ]);
    }
    if description.body.is_some() {
        all.extend([ApiError::UnsupportedEncoding, broken_json(), ApiError::InvalidBody]);
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

/// What can go wrong with every operation that needs a key.
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

fn broken_json() -> ApiError {
    ApiError::InvalidJson("the body is empty; send a JSON object".to_owned())
}

/// One error of every kind.
fn every() -> Vec<ApiError> {
    use ResourceType::{Contact, Customer, Onboarding};
    use strum::VariantArray;
    let rule = |&rule: &Rule| {
        let (message, field) = (String::new(), String::new());
        ApiError::Invalid(vec![Problem { rule, message, field }])
    };
    let mut all: Vec<ApiError> = Rule::VARIANTS.iter().map(rule).collect();
    all.extend([
        broken_json(),
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
        ApiError::InsufficientScope(Scope::ReadCustomers),
        ApiError::InsufficientScopes(&[Scope::ReadCustomers]),
        ApiError::RouteNotFound,
        ApiError::BasePathTwice,
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
        ApiError::Internal(String::new()),
    ]);
    all
}

/// When an error is answered.
pub(super) fn when(error: &ApiError) -> &'static str {
    match error {
        ApiError::Invalid(problems) => problems.first().map_or("", |first| when_broken(first.rule)),
        ApiError::InvalidJson(_) => "The body is not JSON.",
        ApiError::InvalidBody => "The body is JSON, but not an object.",
        ApiError::EmptyPatch => "The body has no property that can be changed.",
        ApiError::BodyTooLarge => "The body is larger than 1 MiB.",
        ApiError::BodyTooSlow => "The body arrived too slowly.",
        ApiError::UnsupportedEncoding => {
            "The body has a `Content-Encoding` other than `identity`, such as `gzip`."
        }
        ApiError::HeadersTooLarge => "The headers are larger than 32 KiB.",
        ApiError::RouteNotFound => "There is no such path.",
        ApiError::BasePathTwice => "The path has `/api/v1` twice.",
        ApiError::MethodNotAllowed(_) => "The path does not know the method.",
        ApiError::MissingKey => "No key was sent.",
        ApiError::InvalidKey => {
            "What was sent is not a key, or is one that the server does not know."
        }
        ApiError::RevokedKey => "The key was revoked.",
        ApiError::InsufficientScope(_) => "The key lacks the scope that the operation needs.",
        ApiError::InsufficientScopes(_) => {
            "The key has none of the scopes that the operation accepts."
        }
        ApiError::NotFound(ResourceType::Customer) => "There is no such customer.",
        ApiError::NotFound(ResourceType::Contact) => "There is no such contact.",
        ApiError::NotFound(ResourceType::Onboarding) => "There is no such onboarding.",
        ApiError::NotFound(ResourceType::ApiKey) => "There is no such key.",
        ApiError::SlugTaken => "Another customer has the slug.",
        ApiError::EmailTaken => "Another contact of the customer has the e-mail address.",
        ApiError::IdempotencyKeyReused => "The idempotency key was used with another body.",
        ApiError::IdempotencyKeyInUse => {
            "A request with the idempotency key is still being answered."
        }
        ApiError::InvalidIdempotencyKey => "The idempotency key is empty or too long.",
        ApiError::RateLimited(_) => "The key has no requests left for now.",
        ApiError::TooManyWrongSecrets(_) => {
            "Too many wrong secrets for this key came from the client's address in the last minute, or \
             for any keys from its network. Only a key that the server has not verified since its \
             start has to wait; the response has no rate limit headers."
        }
        ApiError::Unavailable(_) => "The server cannot do it now; nothing was stored.",
        ApiError::Internal(_) => "The server made a mistake.",
    }
}

fn when_broken(rule: Rule) -> &'static str {
    match rule {
        Rule::MissingField => "A required property is not there.",
        Rule::InvalidType => "A value is not of the right type.",
        Rule::InvalidString => "A string is not of the right form.",
        Rule::InvalidEnumValue => "A string is none of the values allowed.",
        Rule::TooSmall => "A value is too short or too small.",
        Rule::TooBig => "A value is too long, too many or too great.",
        Rule::ConflictingFields => "Two properties contradict each other.",
    }
}

impl Component for Type {
    const NAME: &'static str = "ErrorType";

    fn component() -> Object {
        choices::<Self>("The kind of an error, which goes with the status.")
    }
}

/// The `code`s of the table.
struct Code;

impl Component for Code {
    const NAME: &'static str = "ErrorCode";

    fn component() -> Object {
        let codes = every().into_iter().filter_map(|error| Some(error.example()?.1));
        let mut codes: Vec<&str> = codes.collect();
        let mut seen = std::collections::HashSet::new();
        codes.retain(|code| seen.insert(*code));
        string()
            .enum_values(Some(codes))
            .description(Some("What went wrong, for a program. Codes may be added."))
            .build()
    }
}

impl Component for Content<'_> {
    const NAME: &'static str = "ErrorDetail";

    fn component() -> Object {
        let field = "The property or parameter at fault, when there is one: a name, or a path such \
                     as `labels.2`.";
        let errors = "Addition: the hosted API does not have this property. Everything that is \
                      wrong with the request, when that is more than one thing; the first of it is \
                      also the error itself.";
        Shape::new(&["What went wrong."])
            .property::<Type>("type", &["The kind of the error."])
            .property::<Code>("code", &["What went wrong, for a program."])
            .property::<String>("message", &["What went wrong, for a person."])
            .sometimes::<String>("field", &[field])
            .sometimes::<Vec<Self>>("errors", &[errors])
            .build()
    }
}

impl Component for Envelope<'_> {
    const NAME: &'static str = "Error";

    fn component() -> Object {
        Shape::new(&["The answer to a request that cannot be answered with what it asked for."])
            .property::<Content<'_>>("error", &["What went wrong."])
            .build()
    }
}

/// The schemas of errors.
pub(super) fn components() -> [(&'static str, Object); 4] {
    fn component<C: Component>() -> (&'static str, Object) {
        (C::NAME, C::component())
    }
    [
        component::<Envelope<'_>>(),
        component::<Content<'_>>(),
        component::<Type>(),
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
    fn every_error_of_the_table_is_told_of() {
        let kinds: HashSet<_> = every().iter().map(discriminant).collect();
        assert_eq!(kinds.len(), ApiError::COUNT);
        assert!(every().iter().all(|error| when(error).ends_with('.')));
    }
}
