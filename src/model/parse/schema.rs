//! Builds the JSON Schemas of the API's values, for the OpenAPI 3.1 document. Every type defines
//! its schema next to its parser, from the same limits. Used by `model` and by `api::openapi`.

use serde_json::Value;
use strum::VariantNames;
use utoipa::openapi::schema::{
    AnyOfBuilder, Array, KnownFormat, Object, ObjectBuilder, Schema as Inline, SchemaFormat,
    SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};

/// A schema, or a reference to a named one.
pub type Schema = RefOr<Inline>;

/// A type that occurs in responses.
pub trait JsonSchema {
    /// Returns the schema of the type in responses.
    fn schema() -> Schema;
}

/// A type with a named schema, listed under `components/schemas` in the OpenAPI document. Other
/// schemas refer to it by name.
pub trait Component {
    const NAME: &'static str;

    /// Returns the schema itself; [`JsonSchema::schema`] returns a reference to it.
    fn component() -> Object;
}

impl<C: Component> JsonSchema for C {
    fn schema() -> Schema {
        Ref::from_schema_name(C::NAME).into()
    }
}

impl<T: JsonSchema> JsonSchema for Option<T> {
    fn schema() -> Schema {
        nullable(T::schema())
    }
}

impl<T: JsonSchema> JsonSchema for Vec<T> {
    fn schema() -> Schema {
        RefOr::T(Array::new(T::schema()).into())
    }
}

impl JsonSchema for bool {
    fn schema() -> Schema {
        ObjectBuilder::new().schema_type(Type::Boolean).into()
    }
}

impl JsonSchema for String {
    fn schema() -> Schema {
        string().into()
    }
}

/// Builds the schema of a string.
pub fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// Builds the schema of a string with a `format`, such as `date-time`.
pub fn string_with_format(name: &str) -> ObjectBuilder {
    string().format(Some(SchemaFormat::Custom(name.to_owned())))
}

/// Builds the schema of an enum whose variants are strings, without the `internal` ones, which
/// clients never see.
pub fn string_enum<E: VariantNames>(internal: &[&str], description: &str) -> Object {
    let names = E::VARIANTS.iter().copied().filter(|name| !internal.contains(name));
    string().enum_values(Some(names)).description(Some(description)).build()
}

/// Builds the schema of an integer. The limits are exact as `f64`: no number in the API exceeds
/// 2^53.
pub fn integer(min: i64, max: i64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(min as f64))
        .maximum(Some(max as f64))
}

/// Makes a schema allow null, too.
pub fn nullable(schema: Schema) -> Schema {
    let add_null = |schema_type: &mut SchemaType| {
        if let SchemaType::Type(only) = schema_type {
            *schema_type = SchemaType::from_iter([only.clone(), Type::Null]);
        }
    };
    match schema {
        RefOr::T(Inline::Object(mut object)) => {
            add_null(&mut object.schema_type);
            object.into()
        }
        RefOr::T(Inline::Array(mut array)) => {
            add_null(&mut array.schema_type);
            RefOr::T(array.into())
        }
        RefOr::T(Inline::AnyOf(mut any)) => {
            any.items.push(Object::with_type(Type::Null).into());
            RefOr::T(Inline::AnyOf(any))
        }
        other => any_of([other, Object::with_type(Type::Null).into()]),
    }
}

/// Builds a schema that allows everything that one of `schemas` allows.
pub fn any_of(schemas: impl IntoIterator<Item = Schema>) -> Schema {
    schemas.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item).into()
}

#[must_use]
pub fn with_description(mut schema: Schema, description: &str) -> Schema {
    let text = description.to_owned();
    match &mut schema {
        RefOr::Ref(named) => named.description = text,
        RefOr::T(Inline::Object(object)) => object.description = Some(text),
        RefOr::T(Inline::Array(array)) => array.description = Some(text),
        RefOr::T(Inline::AnyOf(any)) => any.description = Some(text),
        RefOr::T(_) => {}
    }
    schema
}

/// Adds the value that an absent field or parameter stands for.
#[must_use]
pub fn with_default(mut schema: Schema, value: Value) -> Schema {
    match &mut schema {
        RefOr::Ref(named) => named.default = Some(value),
        RefOr::T(Inline::Object(object)) => object.default = Some(value),
        RefOr::T(Inline::Array(array)) => array.default = Some(value),
        RefOr::T(Inline::AnyOf(any)) => any.default = Some(value),
        RefOr::T(_) => {}
    }
    schema
}

/// Returns the description of a schema.
pub fn description(schema: &Schema) -> Option<&str> {
    match schema {
        RefOr::Ref(named) => Some(&named.description),
        RefOr::T(Inline::Object(object)) => object.description.as_deref(),
        RefOr::T(Inline::Array(array)) => array.description.as_deref(),
        RefOr::T(Inline::AnyOf(any)) => any.description.as_deref(),
        RefOr::T(_) => None,
    }
}

/// Builds the schema of an object. Properties keep the order in which they are added.
pub struct ObjectSchema(ObjectBuilder);

impl ObjectSchema {
    /// Creates a schema without properties. `doc` holds the lines of its description, as in a doc
    /// comment.
    pub fn new(doc: &[&str]) -> Self {
        Self(ObjectBuilder::new().schema_type(Type::Object).description(Some(join_doc_lines(doc))))
    }

    /// Adds a property that always has the same value.
    #[must_use]
    pub fn constant(self, name: &str, value: &str, doc: &[&str]) -> Self {
        self.property_with_schema(name, string().enum_values(Some([value])).into(), doc)
    }

    /// Adds a property that is always present.
    #[must_use]
    pub fn property<T: JsonSchema>(self, name: &str, doc: &[&str]) -> Self {
        self.property_with_schema(name, T::schema(), doc)
    }

    /// Adds a property that can be absent.
    #[must_use]
    pub fn optional_property<T: JsonSchema>(self, name: &str, doc: &[&str]) -> Self {
        Self(self.0.property(name, with_description(T::schema(), &join_doc_lines(doc))))
    }

    /// Adds a property that is always present, with a schema that no type has.
    #[must_use]
    pub fn property_with_schema(self, name: &str, schema: Schema, doc: &[&str]) -> Self {
        Self(self.0.property(name, with_description(schema, &join_doc_lines(doc))).required(name))
    }

    pub fn build(self) -> Object {
        self.0.build()
    }
}

/// Joins the lines of a doc comment, so that each paragraph becomes one line.
fn join_doc_lines(lines: &[&str]) -> String {
    let paragraphs = lines.split(|line| line.trim().is_empty());
    let joined =
        paragraphs.map(|lines| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "));
    joined.collect::<Vec<_>>().join("\n\n")
}

/// Declares an API object: a struct, and its schema with the doc comments as descriptions. A string
/// after the name becomes the value of the `object` property. A field that was added after
/// documents had been stored without it needs `#[serde(default)]`.
macro_rules! object {
    (
        $(#[doc = $doc:literal])+
        $(#[derive($($derive:path),+)])?
        $visibility:vis struct $name:ident $(= $object:literal)? {
            $(
                $(#[doc = $field_doc:literal])+
                $(#[serde($default:ident)])?
                $inner:vis $property:ident: $kind:ty,
            )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, serde::Serialize $(, $($derive),+)?)]
        $(#[serde(tag = "object", rename = $object)])?
        $visibility struct $name {
            $(
                $(#[doc = $field_doc])+
                $(#[serde($default)])?
                $inner $property: $kind,
            )+
        }

        impl $crate::model::parse::schema::Component for $name {
            const NAME: &'static str = stringify!($name);

            fn component() -> utoipa::openapi::schema::Object {
                $crate::model::parse::schema::ObjectSchema::new(&[$($doc),+])
                    $(.constant("object", $object, &["The object's type."]))?
                    $(.property::<$kind>(stringify!($property), &[$($field_doc),+]))+
                    .build()
            }
        }
    };
}
pub(crate) use object;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    object! {
        /// A thing
        /// of two lines.
        ///
        /// And another paragraph.
        struct Thing = "thing" {
            /// Its name.
            name: String,
            /// Whether there
            /// is one.
            flag: Option<bool>,
        }
    }

    #[test]
    fn doc_comments_become_descriptions() {
        let schema = serde_json::to_value(Thing::component()).unwrap();
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "description": "A thing of two lines.\n\nAnd another paragraph.",
                "required": ["object", "name", "flag"],
                "properties": {
                    "object": {
                        "type": "string", "enum": ["thing"], "description": "The object's type."
                    },
                    "name": {"type": "string", "description": "Its name."},
                    "flag": {
                        "type": ["boolean", "null"], "description": "Whether there is one."
                    },
                },
            })
        );
        let json = serde_json::to_value(Thing { name: "n".to_owned(), flag: None }).unwrap();
        assert_eq!(json, json!({"object": "thing", "name": "n", "flag": null}));
    }

    #[test]
    fn a_reference_can_have_a_description_and_be_nullable() {
        let described = with_description(Thing::schema(), "It.");
        let reference = json!({"$ref": "#/components/schemas/Thing", "description": "It."});
        assert_eq!(serde_json::to_value(&described).unwrap(), reference);
        let or_null = serde_json::to_value(nullable(described)).unwrap();
        assert_eq!(or_null, json!({"anyOf": [reference, {"type": "null"}]}));
    }
}
