//! What the API's values are as JSON, in the words of JSON Schema, with which OpenAPI 3.1 describes
//! them. Every type says it beside its parser and from the same limits. For `model`, and for the
//! part of `api` that describes the API.

use serde_json::Value;
use strum::VariantNames;
use utoipa::openapi::schema::{
    AnyOfBuilder, Array, KnownFormat, Object, ObjectBuilder, Schema as Inline, SchemaFormat,
    SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};

/// A schema, or a reference to one that has a name.
pub type Schema = RefOr<Inline>;

/// A value that stands in answers of the API.
pub trait Described {
    /// The JSON values that it can be.
    fn schema() -> Schema;
}

/// One whose schema has a name, by which others refer to it.
pub trait Component {
    /// The name.
    const NAME: &'static str;

    /// The schema.
    fn component() -> Object;
}

impl<C: Component> Described for C {
    fn schema() -> Schema {
        Ref::from_schema_name(C::NAME).into()
    }
}

impl<T: Described> Described for Option<T> {
    fn schema() -> Schema {
        nullable(T::schema())
    }
}

impl<T: Described> Described for Vec<T> {
    fn schema() -> Schema {
        RefOr::T(Array::new(T::schema()).into())
    }
}

impl Described for bool {
    fn schema() -> Schema {
        ObjectBuilder::new().schema_type(Type::Boolean).into()
    }
}

impl Described for String {
    fn schema() -> Schema {
        string().into()
    }
}

/// Any string, to be narrowed.
pub fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A string of a form that JSON Schema has a name for.
pub fn formatted(name: &str) -> ObjectBuilder {
    string().format(Some(SchemaFormat::Custom(name.to_owned())))
}

/// A string that is the name of one of an enum's variants.
pub fn choices<E: VariantNames>(description: &str) -> Object {
    string().enum_values(Some(E::VARIANTS.iter().copied())).description(Some(description)).build()
}

/// A whole number. The limits are whole as well, and exact: no number of the API is beyond 2^53.
pub fn whole(min: i64, max: i64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(min as f64))
        .maximum(Some(max as f64))
}

/// What a schema allows, and null.
pub fn nullable(schema: Schema) -> Schema {
    let null = |of: &mut SchemaType| {
        if let SchemaType::Type(one) = of {
            *of = SchemaType::from_iter([one.clone(), Type::Null]);
        }
    };
    match schema {
        RefOr::T(Inline::Object(mut object)) => {
            null(&mut object.schema_type);
            object.into()
        }
        RefOr::T(Inline::Array(mut array)) => {
            null(&mut array.schema_type);
            RefOr::T(array.into())
        }
        RefOr::T(Inline::AnyOf(mut any)) => {
            any.items.push(Object::with_type(Type::Null).into());
            RefOr::T(Inline::AnyOf(any))
        }
        other => any_of([other, Object::with_type(Type::Null).into()]),
    }
}

/// What one or another schema allows.
pub fn any_of(schemas: impl IntoIterator<Item = Schema>) -> Schema {
    schemas.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item).into()
}

/// The same schema with a description.
#[must_use]
pub fn about(mut schema: Schema, description: &str) -> Schema {
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

/// The same schema with the value that is meant when there is none.
#[must_use]
pub fn defaulting(mut schema: Schema, value: Value) -> Schema {
    match &mut schema {
        RefOr::Ref(named) => named.default = Some(value),
        RefOr::T(Inline::Object(object)) => object.default = Some(value),
        RefOr::T(Inline::Array(array)) => array.default = Some(value),
        RefOr::T(Inline::AnyOf(any)) => any.default = Some(value),
        RefOr::T(_) => {}
    }
    schema
}

/// The description that a schema carries.
pub fn description(schema: &Schema) -> Option<&str> {
    match schema {
        RefOr::Ref(named) => Some(&named.description),
        RefOr::T(Inline::Object(object)) => object.description.as_deref(),
        RefOr::T(Inline::Array(array)) => array.description.as_deref(),
        RefOr::T(Inline::AnyOf(any)) => any.description.as_deref(),
        RefOr::T(_) => None,
    }
}

/// The schema of an object, in the order in which its properties are named.
pub struct Shape(ObjectBuilder);

impl Shape {
    /// An object without properties, and the lines of a doc comment that tells what it is.
    pub fn new(about: &[&str]) -> Self {
        Self(ObjectBuilder::new().schema_type(Type::Object).description(Some(text(about))))
    }

    /// A property that always has the same value.
    #[must_use]
    pub fn constant(self, name: &str, value: &str, says: &[&str]) -> Self {
        self.always(name, string().enum_values(Some([value])).into(), says)
    }

    /// A property that is always there.
    #[must_use]
    pub fn property<T: Described>(self, name: &str, says: &[&str]) -> Self {
        self.always(name, T::schema(), says)
    }

    /// A property that is left out when there is nothing to say.
    #[must_use]
    pub fn sometimes<T: Described>(self, name: &str, says: &[&str]) -> Self {
        Self(self.0.property(name, about(T::schema(), &text(says))))
    }

    /// A property that is always there and has this schema.
    #[must_use]
    pub fn always(self, name: &str, schema: Schema, says: &[&str]) -> Self {
        Self(self.0.property(name, about(schema, &text(says))).required(name))
    }

    /// The schema.
    pub fn build(self) -> Object {
        self.0.build()
    }
}

/// The text of a doc comment: a paragraph is one line of it.
fn text(lines: &[&str]) -> String {
    let paragraphs = lines.split(|line| line.trim().is_empty());
    let joined =
        paragraphs.map(|lines| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "));
    joined.collect::<Vec<_>>().join("\n\n")
}

/// Declares an object of the API: a struct that serialises with all of its properties, and its
/// schema, in which the doc comments are the descriptions. What follows the name is the value of
/// the property `object`. A property that documents of an older shape lack has `#[serde(default)]`.
macro_rules! object {
    (
        $(#[doc = $about:literal])+
        $(#[derive($($derive:path),+)])?
        $visibility:vis struct $name:ident $(= $object:literal)? {
            $(
                $(#[doc = $says:literal])+
                $(#[serde($default:ident)])?
                $inner:vis $property:ident: $kind:ty,
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, serde::Serialize $(, $($derive),+)?)]
        $(#[serde(tag = "object", rename = $object)])?
        $visibility struct $name {
            $(
                $(#[doc = $says])+
                $(#[serde($default)])?
                $inner $property: $kind,
            )+
        }

        impl $crate::model::parse::schema::Component for $name {
            const NAME: &'static str = stringify!($name);

            fn component() -> utoipa::openapi::schema::Object {
                $crate::model::parse::schema::Shape::new(&[$($about),+])
                    $(.constant("object", $object, &["The type of the object."]))?
                    $(.property::<$kind>(stringify!($property), &[$($says),+]))+
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
    fn an_object_is_described_by_its_doc_comments() {
        let schema = serde_json::to_value(Thing::component()).unwrap();
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "description": "A thing of two lines.\n\nAnd another paragraph.",
                "required": ["object", "name", "flag"],
                "properties": {
                    "object": {
                        "type": "string", "enum": ["thing"], "description": "The type of the object."
                    },
                    "name": {"type": "string", "description": "Its name."},
                    "flag": {
                        "type": ["boolean", "null"], "description": "Whether there is one."
                    },
                },
            })
        );
        let shown = serde_json::to_value(Thing { name: "n".to_owned(), flag: None }).unwrap();
        assert_eq!(shown, json!({"object": "thing", "name": "n", "flag": null}));
    }

    #[test]
    fn a_reference_can_be_described_and_nullable() {
        let named = about(Thing::schema(), "It.");
        let reference = json!({"$ref": "#/components/schemas/Thing", "description": "It."});
        assert_eq!(serde_json::to_value(&named).unwrap(), reference);
        let or_null = serde_json::to_value(nullable(named)).unwrap();
        assert_eq!(or_null, json!({"anyOf": [reference, {"type": "null"}]}));
    }
}
