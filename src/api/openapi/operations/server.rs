//! The key, the server, and the document itself.

use actix_web::http::StatusCode;
use utoipa::openapi::schema::{Object, Type};

use super::super::description::{Description, Group, Success};
use super::super::examples;
use crate::model::parse::schema::Shape;

/// GET `/me`
pub(in crate::api) fn get_me() -> Description {
    Description::new(
        Group::Account,
        "Get the API key",
        &[
            "Tells which key the request was made with, what the key may do, and to which organization \
           it belongs. Every key may ask, whatever its scopes: it is the way to find out whether a \
           key works.",
        ],
        Success::ok("The key and its organization.", &examples::me()),
    )
}

/// GET `/health`
pub(in crate::api) fn get_health() -> Description {
    Description::new(
        Group::Server,
        "Check the server's health",
        &[
            "Tells that the server answers. It needs no key, counts towards no rate limit and does not \
           touch the database.",
        ],
        Success::ok("The server answers.", &examples::health()),
    )
}

/// GET `/openapi.json`
pub(in crate::api) fn openapi() -> Description {
    let part = || Object::with_type(Type::Object).into();
    let document = Shape::new(&["A document of OpenAPI 3.1."])
        .constant("openapi", "3.1.0", &["The version of OpenAPI."])
        .always("info", part(), &["What the document describes."])
        .always("paths", part(), &["The endpoints."]);
    Description::new(
        Group::Server,
        "Get the OpenAPI document",
        &[
            "Gets this document, with the address by which the client reached the server. It needs no \
             key and counts towards no rate limit.",
            "A client that keeps it may send its `ETag` as `If-None-Match`: while the document is the \
             same, the answer is 304 without a body.",
        ],
        Success {
            status: StatusCode::OK,
            says: "The document.",
            schema: document.build().into(),
            example: examples::openapi(),
            links: Vec::new(),
        },
    )
    .kept()
}
