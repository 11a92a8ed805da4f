//! Metadata: a JSON object for the client's own use.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};

use crate::model::parse::fields::FieldValue;
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{JsonSchema, Schema};

/// A JSON object of at most 16 KiB (serialized without whitespace) and 16 levels. Preserves the
/// order of the keys and every digit of the numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(Box<RawValue>);

const MAX_BYTES: usize = 16 * 1024;
const MAX_DEPTH: usize = 16;

impl Metadata {
    /// Restores the text that [`Metadata::as_str`] returned.
    ///
    /// # Errors
    /// If the text is not JSON, which means that the database is damaged.
    pub fn from_stored(json: String) -> serde_json::Result<Self> {
        RawValue::from_string(json).map(Self)
    }

    /// Returns the object as JSON without whitespace.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

/// Returns the levels of nesting. An object without nested objects or arrays has one.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn too_deep() -> Fault {
    Fault::new(Rule::TooBig, format!("must be at most {MAX_DEPTH} levels deep"))
}

fn too_large() -> Fault {
    Fault::new(Rule::TooBig, format!("must not exceed {MAX_BYTES} bytes as compact JSON"))
}

/// JSON Schema can't express the limits on size and depth.
impl JsonSchema for Metadata {
    fn schema() -> Schema {
        let anything = AdditionalProperties::FreeForm(true);
        ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(anything)).into()
    }
}

impl FieldValue for Metadata {
    fn possible_faults() -> Vec<Fault> {
        vec![Fault::wrong_type("an object"), too_deep(), too_large()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        if !value.is_object() {
            return Err(Fault::wrong_type("an object").into());
        }
        if depth(value) > MAX_DEPTH {
            return Err(too_deep().into());
        }
        let unreadable = |_| vec![Fault::wrong_type("an object")];
        let json = serde_json::to_string(value).map_err(unreadable)?;
        if json.len() > MAX_BYTES {
            return Err(too_large().into());
        }
        Self::from_stored(json).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<String, Rule> {
        let value: Value = serde_json::from_str(json).unwrap();
        Metadata::from_json(&value).map(|m| m.as_str().to_owned()).map_err(|faults| faults[0].rule)
    }

    #[test]
    fn key_order_and_number_digits_are_preserved() {
        let odd = r#"{"z":1,"a":1.0,"m":123456789012345678901234567890,"e":1e+400,"n":null,"u":"\u0000"}"#;
        assert_eq!(parse(odd).unwrap(), odd);
        assert_eq!(parse("{ \"b\" : [ 1 , 2 ] }").unwrap(), r#"{"b":[1,2]}"#);
        assert_eq!(Metadata::default().as_str(), "{}");
    }
}
