//! Describes JSON fields and parameters for the tables of a page and for its console.

use serde_json::Value;

use super::document::{Document, Location, Parameter, Schema};
use super::error::Error;
use super::schema::resolve;
use super::{phrases, types};

/// The maximum depth of nested objects that are listed.
const MAX_DEPTH: usize = 4;

const CHARACTERS: &str = "characters";

/// A field of an object, or a parameter.
pub struct Field {
    /// The name with its path, such as `data[].id`.
    pub name: String,
    pub is_required: bool,
    /// Such as `string or null`.
    pub type_name: String,
    /// Such as `1 to 255 characters`. Empty without limits.
    pub limits: String,
    pub description: String,
    /// The allowed values. Empty if all are allowed.
    pub choices: Vec<String>,
    /// The allowed values of an array's items.
    pub item_choices: Vec<String>,
    pub default: Option<Value>,
}

/// Returns the fields of an object and of nested objects, in the order of the schema.
pub fn fields(document: &Document, schema: &Schema) -> Result<Vec<Field>, Error> {
    let mut found = Vec::new();
    collect(document, schema, "", MAX_DEPTH, &mut found)?;
    Ok(found)
}

fn collect(
    document: &Document,
    schema: &Schema,
    prefix: &str,
    depth: usize,
    found: &mut Vec<Field>,
) -> Result<(), Error> {
    if depth == 0 {
        return Ok(());
    }
    let schema = resolve(document, schema)?;
    for (name, property) in &schema.properties {
        let path = format!("{prefix}{name}");
        let is_required = schema.required.contains(name);
        found.push(Field::new(document, path.clone(), is_required, property, CHARACTERS)?);
        let inner = resolve(document, property)?;
        match &inner.items {
            Some(items) => collect(document, items, &format!("{path}[]."), depth - 1, found)?,
            None => collect(document, &inner, &format!("{path}."), depth - 1, found)?,
        }
    }
    Ok(())
}

impl Field {
    pub fn from_parameter(document: &Document, parameter: &Parameter) -> Result<Self, Error> {
        let Parameter { name, location, required, schema, description, .. } = parameter;
        // The server limits the length of headers in bytes.
        let unit = if *location == Location::Header { "bytes" } else { CHARACTERS };
        let mut property = Self::new(document, name.clone(), *required, schema, unit)?;
        if !description.is_empty() {
            property.description.clone_from(description);
        }
        Ok(property)
    }

    fn new(
        document: &Document,
        name: String,
        is_required: bool,
        schema: &Schema,
        unit: &str,
    ) -> Result<Self, Error> {
        let schema = resolve(document, schema)?;
        Ok(Self {
            name,
            is_required,
            type_name: types::type_name(document, &schema)?,
            limits: types::limits(document, &schema, unit)?,
            choices: schema.choices(),
            item_choices: match &schema.items {
                Some(items) => resolve(document, items)?.choices(),
                None => Vec::new(),
            },
            default: schema.default,
            description: schema.description.unwrap_or_default(),
        })
    }

    pub fn type_with_limits(&self) -> String {
        match self.limits.as_str() {
            "" => self.type_name.clone(),
            limits => format!("{}, {limits}", self.type_name),
        }
    }

    /// The description, the allowed values, and the default, as one paragraph of Markdown.
    pub fn full_description(&self) -> String {
        let mut sentences = vec![self.description.replace('\n', " ")];
        match phrases::inline_code(&self.choices).as_slice() {
            [] => {}
            [only] => sentences.push(format!("Always {only}.")),
            several => sentences.push(format!("One of {}.", phrases::join(several, "or"))),
        }
        if !self.item_choices.is_empty() {
            sentences.push(format!(
                "Each is one of {}.",
                phrases::join(&phrases::inline_code(&self.item_choices), "or")
            ));
        }
        if let Some(default) = &self.default {
            sentences.push(format!("Default: `{}`.", phrases::value_text(default)));
        }
        sentences.retain(|part| !part.is_empty());
        sentences.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    /// The rows for the fields of an object: name, type with limits, and description.
    fn rows(properties: &Value) -> Vec<[String; 3]> {
        let document = json!({
            "servers": [],
            "tags": [],
            "paths": {},
            "components": {"schemas": {
                "Status": {"type": "string", "description": "Any.", "enum": ["active", "churned"]},
                "Part": {"type": "object", "properties": {"id": {"type": "string"}}},
                "Whole": {"type": "object", "properties": properties},
            }},
        });
        let document = Document::parse(&document).unwrap();
        let whole = &document.components.schemas["Whole"];
        let row = |it: Field| [it.name.clone(), it.type_with_limits(), it.full_description()];
        fields(&document, whole).unwrap().into_iter().map(row).collect()
    }

    #[test]
    fn types_and_limits_are_described_in_words() {
        for (schema, kind) in [
            (
                json!({"type": "string", "minLength": 1, "maxLength": 255}),
                "string, 1 to 255 characters",
            ),
            (json!({"type": "string", "minLength": 1}), "string, at least 1 character"),
            (json!({"type": ["integer", "null"], "maximum": 365}), "integer or null, at most 365"),
            (json!({"type": "string", "format": "date-time"}), "date-time"),
            (
                json!({"type": ["string", "integer"], "minLength": 1, "minimum": 0}),
                "string or integer",
            ),
            (
                json!({"anyOf": [{"type": "string", "format": "date-time"},
                    {"type": "string", "format": "date"}, {"type": "null"}]}),
                "date-time, date, or null",
            ),
            (
                json!({"type": "array", "maxItems": 50, "items": {"type": "string", "maxLength": 64}}),
                "array of strings, at most 50, each at most 64 characters",
            ),
        ] {
            assert_eq!(rows(&json!({"it": schema}))[0][1], kind);
        }
    }

    #[test]
    fn the_length_of_a_header_is_in_bytes() {
        let document = json!({"servers": [], "tags": [], "paths": {}, "components": {}});
        let document = Document::parse(&document).unwrap();
        for (location, kind) in
            [("header", "string, 1 to 9 bytes"), ("query", "string, 1 to 9 characters")]
        {
            let schema = json!({"type": "string", "minLength": 1, "maxLength": 9});
            let parameter = json!({"name": "it", "in": location, "schema": schema});
            let parameter = Parameter::deserialize(&parameter).unwrap();
            let property = Field::from_parameter(&document, &parameter).unwrap();
            assert_eq!(property.type_with_limits(), kind);
        }
    }

    #[test]
    fn keywords_next_to_a_reference_take_precedence() {
        let status = json!({"$ref": "#/components/schemas/Status", "description": "Where it stands.",
            "default": "active"});
        let text = "Where it stands. One of `active` or `churned`. Default: `active`.";
        assert_eq!(rows(&json!({"status": status}))[0], ["status", "string", text]);
    }

    #[test]
    fn a_nullable_reference_is_described_once() {
        let status = json!({"anyOf": [{"$ref": "#/components/schemas/Status"}, {"type": "null"}]});
        let rows = rows(&json!({"status": status}));
        assert_eq!(rows[0], ["status", "string or null", "Any. One of `active` or `churned`."]);
    }

    #[test]
    fn the_allowed_values_of_items_are_described() {
        let all = json!({"type": "array", "items": {"$ref": "#/components/schemas/Status"}});
        let rows = rows(&json!({"all": all}));
        assert_eq!(rows[0], ["all", "array of strings", "Each is one of `active` or `churned`."]);
    }

    #[test]
    fn nested_fields_are_listed_with_their_path() {
        let part = json!({"$ref": "#/components/schemas/Part"});
        let rows = rows(&json!({"one": part, "all": {"type": "array", "items": part}}));
        let names: Vec<&str> = rows.iter().map(|[name, ..]| name.as_str()).collect();
        assert_eq!(names, ["one", "one.id", "all", "all[].id"]);
        assert_eq!(rows[2][1], "array of objects");
    }

    #[test]
    fn alternative_schemas_are_listed_by_name() {
        let one = json!({"oneOf": [{"$ref": "#/components/schemas/Part"},
            {"$ref": "#/components/schemas/Whole"}]});
        assert_eq!(rows(&json!({"it": one}))[0][1], "`Part` or `Whole`");
    }
}
