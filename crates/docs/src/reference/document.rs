//! The parts of the OpenAPI document that the pages need. Most of `reference` reads them through
//! [`endpoint`](super::endpoint).

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Number, Value};

use super::error::Error;

/// The OpenAPI document. Its maps keep the order of the JSON.
#[derive(Deserialize)]
pub struct Document {
    pub servers: Vec<Server>,
    pub tags: Vec<Tag>,
    pub paths: IndexMap<String, PathItem>,
    pub components: Components,
}

#[derive(Deserialize)]
pub struct Server {
    pub url: String,
}

#[derive(Deserialize)]
pub struct Tag {
    pub name: String,
    #[serde(default)]
    pub description: String,
}

#[derive(Deserialize)]
pub struct PathItem {
    #[serde(default)]
    pub parameters: Vec<RefOr<Parameter>>,
    pub get: Option<Operation>,
    pub post: Option<Operation>,
    pub patch: Option<Operation>,
    pub delete: Option<Operation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    pub operation_id: String,
    pub tags: Vec<String>,
    pub summary: String,
    pub description: String,
    #[serde(default)]
    pub parameters: Vec<RefOr<Parameter>>,
    pub request_body: Option<RefOr<RequestBody>>,
    pub responses: IndexMap<String, RefOr<Response>>,
    /// The required security schemes, each with its scopes. Empty for public endpoints.
    pub security: Vec<IndexMap<String, Vec<String>>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    Path,
    Query,
    Header,
}

#[derive(Deserialize)]
pub struct Parameter {
    pub name: String,
    #[serde(rename = "in")]
    pub location: Location,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub required: bool,
    pub schema: Schema,
    pub example: Option<Value>,
}

#[derive(Deserialize)]
pub struct RequestBody {
    pub content: IndexMap<String, MediaType>,
}

#[derive(Deserialize)]
pub struct Response {
    pub description: String,
    #[serde(default)]
    pub headers: IndexMap<String, RefOr<Header>>,
    #[serde(default)]
    pub content: IndexMap<String, MediaType>,
}

#[derive(Deserialize)]
pub struct Header {
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub required: bool,
}

#[derive(Deserialize)]
pub struct MediaType {
    pub schema: Option<Schema>,
    pub example: Option<Value>,
    #[serde(default)]
    pub examples: IndexMap<String, RefOr<Example>>,
}

#[derive(Deserialize)]
pub struct Example {
    #[serde(default)]
    pub summary: String,
    pub value: Value,
}

/// A JSON Schema. Keywords next to a `$ref` override those of the referenced schema.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Schema {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    pub description: Option<String>,
    #[serde(rename = "type")]
    pub types: Option<Types>,
    pub format: Option<String>,
    pub r#enum: Vec<Value>,
    pub r#const: Option<Value>,
    #[serde(deserialize_with = "some_even_if_null")]
    pub default: Option<Value>,
    pub minimum: Option<Number>,
    pub maximum: Option<Number>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub max_items: Option<u64>,
    pub items: Option<Box<Schema>>,
    pub properties: IndexMap<String, Schema>,
    pub required: Vec<String>,
    pub one_of: Vec<Schema>,
    pub any_of: Vec<Schema>,
    pub all_of: Vec<Schema>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Types {
    One(String),
    Several(Vec<String>),
}

/// Deserializes `null` as `Some(Value::Null)`, to distinguish it from a missing field.
fn some_even_if_null<'de, D: serde::Deserializer<'de>>(
    value: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// An object, or a reference to a component.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum RefOr<T> {
    Ref {
        #[serde(rename = "$ref")]
        reference: String,
    },
    Object(T),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Components {
    pub schemas: IndexMap<String, Schema>,
    pub parameters: IndexMap<String, Parameter>,
    pub request_bodies: IndexMap<String, RequestBody>,
    pub responses: IndexMap<String, Response>,
    pub headers: IndexMap<String, Header>,
    pub examples: IndexMap<String, Example>,
}

/// A type of component.
pub trait Component: Sized {
    /// The name of its map in `components`.
    const KIND: &'static str;

    fn all(components: &Components) -> &IndexMap<String, Self>;
}

macro_rules! component {
    ($type:ty, $kind:literal, $field:ident) => {
        impl Component for $type {
            const KIND: &'static str = $kind;

            fn all(components: &Components) -> &IndexMap<String, Self> {
                &components.$field
            }
        }
    };
}

component!(Schema, "schemas", schemas);
component!(Parameter, "parameters", parameters);
component!(RequestBody, "requestBodies", request_bodies);
component!(Response, "responses", responses);
component!(Header, "headers", headers);
component!(Example, "examples", examples);

impl Document {
    pub fn parse(document: &Value) -> Result<Self, Error> {
        Self::deserialize(document).map_err(|error| Error::new(error.to_string()))
    }

    /// Follows a reference.
    pub fn resolve<'d, T: Component>(&'d self, object: &'d RefOr<T>) -> Result<&'d T, Error> {
        match object {
            RefOr::Ref { reference } => self.find(reference),
            RefOr::Object(object) => Ok(object),
        }
    }

    /// Returns the component with this reference.
    pub fn find<T: Component>(&self, reference: &str) -> Result<&T, Error> {
        reference
            .strip_prefix("#/components/")
            .and_then(|rest| rest.strip_prefix(T::KIND)?.strip_prefix('/'))
            .and_then(|name| T::all(&self.components).get(name))
            .ok_or_else(|| Error::new(format!("{reference} is not among the {}", T::KIND)))
    }

    /// Returns the example of a body, or the first of several.
    pub fn first_example<'d>(&'d self, content: &'d MediaType) -> Result<Option<&'d Value>, Error> {
        match (&content.example, content.examples.values().next()) {
            (Some(example), _) => Ok(Some(example)),
            (None, Some(first)) => Ok(Some(&self.resolve(first)?.value)),
            (None, None) => Ok(None),
        }
    }
}

/// Returns the JSON body among the media types.
pub fn json_body(content: &IndexMap<String, MediaType>) -> Option<&MediaType> {
    content.get("application/json")
}
