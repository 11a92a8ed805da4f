//! The responses of operations: what they are asked for, and what can go wrong instead. What can go
//! wrong with every operation that needs a key stands in the components, and so do the headers.

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
use crate::api::error::{ApiError, Envelope};
use crate::api::operation::Access;
use crate::api::request::ignored::{MAX_LENGTH, MAX_NAMES};
use crate::model::parse::schema::{Described, string};

/// The responses of an operation.
pub(super) fn list(endpoint: &Endpoint, description: Description) -> Responses {
    let mut all = Responses::new();
    let status = description.success.status.as_str().to_owned();
    all.responses.insert(status, RefOr::T(success(endpoint, &description)));
    if description.is_kept {
        let known = ResponseBuilder::new().description("The client's copy is still right.");
        let known = with(known, &["X-Request-Id", "X-Ignored-Parameters", "ETag", "Cache-Control"]);
        all.responses.insert("304".to_owned(), RefOr::T(known.build()));
    }
    for (status, failures) in by_status(errors::list(endpoint, description)) {
        let response = match shared_name(status) {
            Some(name) => Ref::from_response_name(name).into(),
            None => RefOr::T(failure(status, failures)),
        };
        all.responses.insert(status.to_string(), response);
    }
    all
}

/// What goes wrong with every operation that needs a key, by its name.
pub(super) fn shared() -> Vec<(&'static str, Response)> {
    let mut all = errors::common();
    all.push(ApiError::UnsupportedEncoding);
    let all = by_status(all).into_iter();
    all.filter_map(|(status, failures)| Some((shared_name(status)?, failure(status, failures))))
        .collect()
}

/// The name of what is the same for every operation that needs a key.
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
    let mut response = json(success.says, content);
    if has_key {
        response = with(response, &RATE_LIMIT);
    }
    if is_post {
        response = with(response, &["Location", "Idempotent-Replayed"]);
    }
    if description.is_kept {
        response = with(response, &["ETag", "Cache-Control"]);
    }
    for (name, link) in &success.links {
        response = response.link(*name, link.clone());
    }
    response.build()
}

/// What went wrong with the same status: the code, when it is answered, and its envelope.
type Failures = Vec<(&'static str, &'static str, Value)>;

fn by_status(errors: Vec<ApiError>) -> BTreeMap<u16, Failures> {
    let mut all: BTreeMap<u16, Failures> = BTreeMap::new();
    for error in errors {
        if let Some((status, code, body)) = error.example() {
            all.entry(status.as_u16()).or_default().push((code, errors::when(&error), body));
        }
    }
    all
}

fn failure(status: u16, failures: Failures) -> Response {
    let says = says(status, &failures);
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let examples = failures.into_iter().map(|(code, when, body)| -> (String, RefOr<Example>) {
        // A code that has two causes has two examples, which need two names.
        let count = seen.entry(code).or_default();
        *count += 1;
        let name = if *count == 1 { code.to_owned() } else { format!("{code}_{count}") };
        let example = ExampleBuilder::new().summary(when).value(Some(body));
        (name, RefOr::T(example.build()))
    });
    let content =
        ContentBuilder::new().schema(Some(Envelope::schema())).examples_from_iter(examples);
    let mut response = json(says, content);
    // Before a key is known there is no window to tell of. The others may come before and after it.
    if !matches!(status, 401 | 431) {
        response = with(response, &RATE_LIMIT);
    }
    match status {
        401 => response = with(response, &["WWW-Authenticate"]),
        415 => response = with(response, &["Accept-Encoding"]),
        429 | 503 => response = with(response, &["Retry-After"]),
        _ => {}
    }
    response.build()
}

fn says(status: u16, failures: &Failures) -> &'static str {
    let of_key = |(code, ..): &(&str, _, _)| code.starts_with("idempotency_key");
    match status {
        400 => "The request does not validate.",
        401 => "The key is missing, malformed, unknown or revoked.",
        403 => "The key is valid and lacks the scope.",
        404 => "There is no such thing in the key's workspace.",
        409 if failures.iter().all(of_key) => "The idempotency key is taken.",
        409 if failures.iter().any(of_key) => {
            "A value that has to be unique is taken, or the idempotency key is."
        }
        409 => "A value that has to be unique is taken.",
        408 => "The body arrived too slowly.",
        413 => "The body is too large.",
        415 => "The body is encoded in a way that the server does not decode.",
        429 => {
            "The key has no requests left for now, or too many wrong secrets came from the client's \
             address."
        }
        431 => "The headers are too large.",
        500 => "The server made a mistake; its log has the cause.",
        503 => "The server cannot do it now. Nothing was stored: it is safe to try again.",
        _ => "",
    }
}

fn json(says: &str, content: ContentBuilder) -> ResponseBuilder {
    let content: Content = content.build();
    with(
        ResponseBuilder::new().description(says).content("application/json", content),
        &["X-Request-Id", "X-Ignored-Parameters"],
    )
}

const RATE_LIMIT: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

fn with(response: ResponseBuilder, headers: &[&str]) -> ResponseBuilder {
    headers.iter().fold(response, |response, name| {
        response.header_ref(*name, Ref::new(format!("#/components/headers/{name}")))
    })
}

/// The headers that responses have, by their names.
pub(super) fn headers() -> Vec<(&'static str, Header)> {
    let optional = |name, says: &str, schema: ObjectBuilder, example: Value| {
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(says))
            .example(Some(example))
            .build();
        (name, header)
    };
    // The model of the library has no such field; what it calls extensions is written as it is.
    let header = |name, says: &str, schema: ObjectBuilder, example: Value| {
        let (name, mut header) = optional(name, says, schema, example);
        header.extensions = Some(Extensions::from_iter([("required", Value::Bool(true))]));
        (name, header)
    };
    let count =
        || ObjectBuilder::new().schema_type(utoipa::openapi::Type::Integer).minimum(Some(0));
    let without = "Not there when the key has no limit, nor in an answer that is given before the \
                   key is known.";
    vec![
        header(
            "X-Request-Id",
            "Addition: the hosted API has announced this header and does not have it yet. The id of \
             the request, which the server's log has too: the client's own, if it sent one, or a new \
             one.",
            string(),
            "req_0193661a3f2c7d4e8b1a5c6d7e8f9a0b".into(),
        ),
        optional(
            "X-Ignored-Parameters",
            &format!(
                "Addition: the hosted API does not have this header. The names of the query \
                 parameters that the operation does not have, such as a misspelt filter, \
                 percent-encoded and separated by commas. At most {MAX_NAMES} names, each cut off \
                 at {MAX_LENGTH} characters. Left out when there are none."
            ),
            string(),
            "name".into(),
        ),
        optional(
            "X-RateLimit-Limit",
            &format!("Requests that the key has in 60 seconds. {without}"),
            count(),
            60.into(),
        ),
        optional(
            "X-RateLimit-Remaining",
            &format!("Requests that are left of them. {without}"),
            count(),
            59.into(),
        ),
        optional(
            "X-RateLimit-Reset",
            &format!(
                "When the oldest of the requests that count stops counting, in Unix seconds: then \
                 one more is left, or a few. {without}"
            ),
            count(),
            1_764_000_060.into(),
        ),
        header(
            "Retry-After",
            "Seconds to wait before the next request.",
            count().minimum(Some(1)),
            12.into(),
        ),
        header(
            "Location",
            "The path of what was created.",
            string(),
            format!("{BASE}/customers/{}", examples::CUSTOMER).into(),
        ),
        optional(
            "Idempotent-Replayed",
            "Addition: the hosted API does not have this header. There, and `true`, when the answer \
             is the one that was given to an earlier request with the same idempotency key.",
            string().enum_values(Some(["true"])),
            "true".into(),
        ),
        header(
            "Accept-Encoding",
            "Addition: the hosted API does not have this header. The encodings that a body may have.",
            string().enum_values(Some(["identity"])),
            "identity".into(),
        ),
        header(
            "WWW-Authenticate",
            "How to send a key.",
            string().enum_values(Some(["Bearer"])),
            "Bearer".into(),
        ),
        header(
            "ETag",
            "Names what was answered, to be sent as `If-None-Match`.",
            string(),
            "\"5f0c\"".into(),
        ),
        header(
            "Cache-Control",
            "A copy may be kept, and has to be asked for before it is used.",
            string().enum_values(Some(["no-cache"])),
            "no-cache".into(),
        ),
    ]
}
