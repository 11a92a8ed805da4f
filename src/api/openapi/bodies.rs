//! The schemas of request bodies: the properties that their parsers read, as the resource describes
//! them.

use serde_json::Value;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::schema::{Component, about, description};

/// A body that a request can have.
pub(in crate::api) trait Request: Body {
    /// The name of its schema.
    const NAME: &'static str;
    /// What it is.
    const ABOUT: &'static str;
    /// Whether it must have at least one property.
    const IS_PATCH: bool = false;
    /// The resource whose properties it has.
    type Of: Component;

    /// What the document says about a property beyond what the resource says about it.
    fn more(_property: &str) -> Option<&'static str> {
        None
    }

    /// The schema of the bodies whose properties contradict each other, if there can be any.
    fn contradiction() -> Option<Value> {
        None
    }
}

/// The schema of a body.
pub(super) fn schema<R: Request>() -> Object {
    let resource = R::Of::component();
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(R::ABOUT))
        .min_properties(R::IS_PATCH.then_some(1));
    for field in Fields::declared::<R>().fields {
        let said = resource.properties.get(&field.name).and_then(description);
        let said: Vec<&str> = said.into_iter().chain(R::more(&field.name)).collect();
        let schema = about(field.schema, &said.join(" "));
        object = object.property(&field.name, schema);
        if field.required {
            object = object.required(field.name);
        }
    }
    // The library has no `not`; what it calls extensions is written as it is.
    let not = R::contradiction().map(|wrong| Extensions::from_iter([("not", wrong)]));
    object.extensions(not).build()
}
