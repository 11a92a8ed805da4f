//! The schemas of request bodies, built from the fields that their parsers read and the
//! descriptions of the resource's fields.

use serde_json::Value;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::schema::{Component, description, with_description};

/// A request body with a schema in the OpenAPI document.
pub(in crate::api) trait BodySchema: Body {
    /// The name of the schema.
    const NAME: &'static str;
    const DESCRIPTION: &'static str;
    /// Whether the body must have at least one field.
    const IS_PATCH: bool = false;
    /// The resource that describes the fields.
    type Resource: Component;

    /// Returns what to add to the resource's description of a field.
    fn extra_description(_property: &str) -> Option<&'static str> {
        None
    }

    /// Returns a schema that matches bodies whose fields contradict each other, if that is
    /// possible.
    fn invalid_combination() -> Option<Value> {
        None
    }
}

pub(super) fn schema<R: BodySchema>() -> Object {
    let resource = R::Resource::component();
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(R::DESCRIPTION))
        .min_properties(R::IS_PATCH.then_some(1));
    for field in Fields::spec::<R>().fields {
        let text = resource.properties.get(&field.name).and_then(description);
        let text: Vec<&str> = text.into_iter().chain(R::extra_description(&field.name)).collect();
        let schema = with_description(field.schema, &text.join(" "));
        object = object.property(&field.name, schema);
        if field.required {
            object = object.required(field.name);
        }
    }
    // utoipa has no `not`, but writes extensions verbatim.
    let not = R::invalid_combination().map(|schema| Extensions::from_iter([("not", schema)]));
    object.extensions(not).build()
}
