//! The responses of operations.
//!
//! Headers, and the errors of every operation with an API key, are shared components.

use std::collections::{BTreeMap, HashMap};

use actix_web::http::Method;
use serde_json::Value;
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder, Responses};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{Ref, RefOr};

use super::description::Description;
use super::{errors, examples};
use crate::api::endpoint::{BASE, Endpoint};
use crate::api::error::ApiError;
use crate::api::operation::Access;
use crate::api::request::ignored_parameters::{MAX_LENGTH, MAX_NAMES};
use crate::http::error_envelope::ErrorBody;
use crate::model::parse::schema::{JsonSchema, string};

pub(super) fn for_operation(endpoint: &Endpoint, description: Description) -> Responses {
    let mut all = Responses::new();
    let status = description.success.status.as_str().to_owned();
    all.responses.insert(status, RefOr::T(success(endpoint, &description)));
    if description.is_cacheable {
        let unchanged = ResponseBuilder::new().description("The client's copy is up to date.");
        let unchanged = with_headers(
            unchanged,
            &["X-Request-Id", "X-Ignored-Parameters", "ETag", "Cache-Control"],
        );
        all.responses.insert("304".to_owned(), RefOr::T(unchanged.build()));
    }
    for (status, failures) in by_status(errors::for_operation(endpoint, description)) {
        let response = match shared_name(status) {
            Some(name) => Ref::from_response_name(name).into(),
            None => RefOr::T(failure(status, failures)),
        };
        all.responses.insert(status.to_string(), response);
    }
    all
}

/// Returns the error responses that operations refer to, by name.
pub(super) fn shared() -> Vec<(&'static str, Response)> {
    let mut all = errors::common();
    all.extend([ApiError::UnsupportedEncoding, ApiError::OutcomeUnknown(String::new())]);
    let all = by_status(all).into_iter();
    all.filter_map(|(status, failures)| Some((shared_name(status)?, failure(status, failures))))
        .collect()
}

/// Returns the component name of an error response that is the same for every operation with an API
/// key.
fn shared_name(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("Unauthorized"),
        408 => Some("RequestTimeout"),
        413 => Some("PayloadTooLarge"),
        415 => Some("UnsupportedEncoding"),
        429 => Some("TooManyRequests"),
        431 => Some("HeadersTooLarge"),
        500 => Some("InternalError"),
        503 => Some("Unavailable"),
        _ => None,
    }
}

fn success(endpoint: &Endpoint, description: &Description) -> Response {
    let success = &description.success;
    let is_post = endpoint.method == Method::POST;
    let has_key = endpoint.operation.access != Access::Public;
    let content = ContentBuilder::new()
        .schema(Some(success.schema.clone()))
        .example(Some(success.example.clone()));
    let mut response = json(success.description, content);
    if has_key {
        response = with_headers(response, &RATE_LIMIT);
    }
    if is_post {
        response = with_headers(response, &["Location", "Idempotent-Replayed"]);
    }
    if description.is_cacheable {
        response = with_headers(response, &["ETag", "Cache-Control"]);
    }
    for (name, link) in &success.links {
        response = response.link(*name, link.clone());
    }
    response.build()
}

/// The errors with the same status: code, summary, and body.
type Failures = Vec<(&'static str, &'static str, Value)>;

fn by_status(errors: Vec<ApiError>) -> BTreeMap<u16, Failures> {
    let mut all: BTreeMap<u16, Failures> = BTreeMap::new();
    for error in errors {
        if let Some((status, code, body)) = error.example() {
            all.entry(status.as_u16()).or_default().push((code, errors::summary(&error), body));
        }
    }
    all
}

fn failure(status: u16, failures: Failures) -> Response {
    let description = description(status, &failures);
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let examples = failures.into_iter().map(|(code, when, body)| -> (String, RefOr<Example>) {
        // Example names must be unique, but a code can have several causes.
        let count = seen.entry(code).or_default();
        *count += 1;
        let name = if *count == 1 { code.to_owned() } else { format!("{code}_{count}") };
        let example = ExampleBuilder::new().summary(when).value(Some(body));
        (name, RefOr::T(example.build()))
    });
    let content =
        ContentBuilder::new().schema(Some(ErrorBody::schema())).examples_from_iter(examples);
    let mut response = json(description, content);
    // These errors precede authentication, so there is no rate limit to report. The others can
    // occur before or after it.
    if !matches!(status, 401 | 431) {
        response = with_headers(response, &RATE_LIMIT);
    }
    match status {
        401 => response = with_headers(response, &["WWW-Authenticate"]),
        415 => response = with_headers(response, &["Accept-Encoding"]),
        429 | 503 => response = with_headers(response, &["Retry-After"]),
        _ => {}
    }
    response.build()
}

fn description(status: u16, failures: &Failures) -> &'static str {
    let is_idempotency_error = |(code, ..): &(&str, _, _)| code.starts_with("idempotency_key");
    match status {
        400 => "The request is invalid.",
        401 => "The API key is missing, malformed, unknown, or revoked.",
        403 => "The API key doesn't have the required scope.",
        404 => "There is no such resource in the key's workspace.",
        409 if failures.iter().all(is_idempotency_error) => {
            "The idempotency key is already in use."
        }
        409 if failures.iter().any(is_idempotency_error) => {
            "A unique value or the idempotency key is already in use."
        }
        409 => "A unique value is already in use.",
        408 => "The request body arrived too slowly.",
        413 => "The request body is too large.",
        415 => "The request body has an unsupported `Content-Encoding`.",
        429 => {
            "The API key has used up its rate limit, or too many attempts with a wrong secret came \
             from your network."
        }
        431 => "The request headers are too large.",
        500 => "Internal server error. The server log has the cause.",
        503 => {
            "The server can't process the request right now. Nothing was stored, so it is safe to \
             retry, unless the code is `outcome_unknown`: then retry with the same idempotency \
             key, or read before you retry."
        }
        _ => "",
    }
}

fn json(description: &str, content: ContentBuilder) -> ResponseBuilder {
    let content: Content = content.build();
    with_headers(
        ResponseBuilder::new().description(description).content("application/json", content),
        &["X-Request-Id", "X-Ignored-Parameters"],
    )
}

const RATE_LIMIT: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

fn with_headers(response: ResponseBuilder, headers: &[&str]) -> ResponseBuilder {
    headers.iter().fold(response, |response, name| {
        response.header_ref(*name, Ref::new(format!("#/components/headers/{name}")))
    })
}

/// Returns the headers that responses refer to, by name.
pub(super) fn headers() -> Vec<(&'static str, Header)> {
    let optional = |name, description: &str, schema: ObjectBuilder, example: Value| {
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(description))
            .example(Some(example))
            .build();
        (name, header)
    };
    // utoipa has no `required` for headers, but writes extensions verbatim.
    let header = |name, description: &str, schema: ObjectBuilder, example: Value| {
        let (name, mut header) = optional(name, description, schema, example);
        header.extensions = Some(Extensions::from_iter([("required", Value::Bool(true))]));
        (name, header)
    };
    let count =
        || ObjectBuilder::new().schema_type(utoipa::openapi::Type::Integer).minimum(Some(0));
    let without = "Missing if the key has no rate limit, and in responses that precede \
                   authentication.";
    vec![
        header(
            "X-Request-Id",
            "Addition: the hosted API has announced this header but doesn't send it yet. The ID of \
             the request, which also appears in the server log. The \
             server uses the ID that the client sends in this header, or generates one if there is \
             none or it is not suitable.",
            string(),
            "req_0193661a3f2c7d4e8b1a5c6d7e8f9a0b".into(),
        ),
        optional(
            "X-Ignored-Parameters",
            &format!(
                "Addition: the hosted API doesn't have this header. The query parameters that the \
                 server ignored because it doesn't know them, such as a misspelled filter: up to \
                 {MAX_NAMES} percent-encoded names, separated by commas and truncated to \
                 {MAX_LENGTH} characters each. Missing if there are none."
            ),
            string(),
            "name".into(),
        ),
        optional(
            "X-RateLimit-Limit",
            &format!("How many requests the key can make in 60 seconds. {without}"),
            count(),
            60.into(),
        ),
        optional(
            "X-RateLimit-Remaining",
            &format!("How many requests the key has left. {without}"),
            count(),
            59.into(),
        ),
        optional(
            "X-RateLimit-Reset",
            &format!(
                "The Unix time in seconds at which the oldest counted request leaves the window and \
                 at least one more request becomes available. {without}"
            ),
            count(),
            1_764_000_060.into(),
        ),
        header(
            "Retry-After",
            "How many seconds to wait before the next request.",
            count().minimum(Some(1)),
            12.into(),
        ),
        header(
            "Location",
            "The path of the created resource.",
            string(),
            format!("{BASE}/customers/{}", examples::CUSTOMER).into(),
        ),
        optional(
            "Idempotent-Replayed",
            "Addition: the hosted API doesn't have this header. `true` if the response is a replay \
             of the response to an earlier request with the same idempotency key; otherwise missing.",
            string().enum_values(Some(["true"])),
            "true".into(),
        ),
        header(
            "Accept-Encoding",
            "Addition: the hosted API doesn't have this header. The supported encodings of request \
             bodies.",
            string().enum_values(Some(["identity"])),
            "identity".into(),
        ),
        header(
            "WWW-Authenticate",
            "The authentication scheme for API keys.",
            string().enum_values(Some(["Bearer"])),
            "Bearer".into(),
        ),
        header(
            "ETag",
            "Identifies this version of the response. Send it back in `If-None-Match`.",
            string(),
            "\"5f0c\"".into(),
        ),
        header(
            "Cache-Control",
            "You can cache the response, but must revalidate it before each use.",
            string().enum_values(Some(["no-cache"])),
            "no-cache".into(),
        ),
    ]
}
