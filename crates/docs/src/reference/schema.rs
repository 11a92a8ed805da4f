//! Schemas in words: what a property may be, for the tables of a page and the fields of a console.
//! For the rest of `reference`.

use std::fmt::Display;

use serde_json::Value;

use super::document::{Document, Parameter, Place, Schema, Types};
use super::error::Error;

/// How deep objects in objects are told of.
const DEPTH: usize = 4;

/// What the length of a text is counted in.
const CHARACTERS: &str = "characters";

/// A property of an object, or a parameter.
pub struct Property {
    /// Its name, with those of the objects that it is in: `data[].id`.
    pub name: String,
    pub is_required: bool,
    /// Such as `string or null`.
    pub kind: String,
    /// Such as `1 to 255 characters`; empty without limits.
    pub limits: String,
    pub description: String,
    /// The values that it may have; empty when there are others.
    pub choices: Vec<String>,
    /// The same for each of the values in a list.
    pub choices_of_each: Vec<String>,
    pub default: Option<Value>,
}

/// The properties of an object and of the objects in it, in the order of the schema.
///
/// # Errors
/// A reference that leads nowhere.
pub fn properties(document: &Document, schema: &Schema) -> Result<Vec<Property>, Error> {
    let mut found = Vec::new();
    collect(document, schema, "", DEPTH, &mut found)?;
    Ok(found)
}

/// The component that a schema is.
pub fn name(schema: &Schema) -> Option<&str> {
    schema.reference.as_deref()?.rsplit('/').next()
}

fn collect(
    document: &Document,
    schema: &Schema,
    prefix: &str,
    depth: usize,
    found: &mut Vec<Property>,
) -> Result<(), Error> {
    if depth == 0 {
        return Ok(());
    }
    let schema = resolve(document, schema)?;
    for (name, property) in &schema.properties {
        let path = format!("{prefix}{name}");
        let is_required = schema.required.contains(name);
        found.push(Property::new(document, path.clone(), is_required, property, CHARACTERS)?);
        let inner = resolve(document, property)?;
        match &inner.items {
            Some(items) => collect(document, items, &format!("{path}[]."), depth - 1, found)?,
            None => collect(document, &inner, &format!("{path}."), depth - 1, found)?,
        }
    }
    Ok(())
}

/// What is meant by references and `allOf`. What stands beside a reference wins.
fn resolve(document: &Document, schema: &Schema) -> Result<Schema, Error> {
    let mut resolved = match &schema.reference {
        Some(reference) => resolve(document, document.find(reference)?)?,
        None => Schema::default(),
    };
    for part in &schema.all_of {
        resolved.take(&resolve(document, part)?);
    }
    resolved.take(schema);
    // One alternative beside null is that one, which may be null.
    let others: Vec<&Schema> = schema.alternatives().filter(|part| !part.is_null()).collect();
    if let [only] = others.as_slice() {
        let description = resolved.description.take();
        let mut only = resolve(document, only)?;
        let mut types: Vec<String> = only.types().map(str::to_owned).collect();
        types.push("null".to_owned());
        only.types = Some(Types::Several(types));
        only.description = description.or(only.description);
        only.default = resolved.default.or(only.default);
        return Ok(only);
    }
    Ok(resolved)
}

impl Schema {
    /// Takes over what another one says.
    fn take(&mut self, other: &Self) {
        macro_rules! take {
            (option $($field:ident),*; list $($list:ident),*) => {
                $(if other.$field.is_some() { self.$field.clone_from(&other.$field); })*
                $(if !other.$list.is_empty() { self.$list.clone_from(&other.$list); })*
            };
        }
        take!(
            option description, types, format, r#const, default, minimum, maximum, min_length,
                max_length, max_items, items;
            list r#enum, properties, required, one_of, any_of
        );
    }

    fn alternatives(&self) -> impl Iterator<Item = &Self> {
        self.one_of.iter().chain(&self.any_of)
    }

    fn types(&self) -> impl Iterator<Item = &str> {
        let types: &[String] = match &self.types {
            None => &[],
            Some(Types::One(one)) => std::slice::from_ref(one),
            Some(Types::Several(several)) => several,
        };
        types.iter().map(String::as_str)
    }

    /// The values that are allowed, if they are listed.
    fn choices(&self) -> Vec<String> {
        match &self.r#const {
            Some(only) => vec![text(only)],
            None => self.r#enum.iter().filter(|choice| !choice.is_null()).map(text).collect(),
        }
    }

    fn is_null(&self) -> bool {
        self.types().eq(["null"])
    }
}

impl Property {
    /// What a parameter may be.
    ///
    /// # Errors
    /// A reference that leads nowhere.
    pub fn of_parameter(document: &Document, parameter: &Parameter) -> Result<Self, Error> {
        let Parameter { name, place, required, schema, description, .. } = parameter;
        // What stands in a header is counted as it is sent.
        let unit = if *place == Place::Header { "bytes" } else { CHARACTERS };
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
            kind: kind(document, &schema)?,
            limits: limits(document, &schema, unit)?,
            choices: schema.choices(),
            choices_of_each: match &schema.items {
                Some(items) => resolve(document, items)?.choices(),
                None => Vec::new(),
            },
            default: schema.default,
            description: schema.description.unwrap_or_default(),
        })
    }

    /// The type and the limits.
    pub fn kind_with_limits(&self) -> String {
        match self.limits.as_str() {
            "" => self.kind.clone(),
            limits => format!("{}, {limits}", self.kind),
        }
    }

    /// The description and the values that it may have, as one paragraph of Markdown.
    pub fn told(&self) -> String {
        let mut told = vec![self.description.replace('\n', " ")];
        match code(&self.choices).as_slice() {
            [] => {}
            [only] => told.push(format!("Always {only}.")),
            several => told.push(format!("One of {}.", listed(several, "or"))),
        }
        if !self.choices_of_each.is_empty() {
            told.push(format!("Each one of {}.", listed(&code(&self.choices_of_each), "or")));
        }
        if let Some(default) = &self.default {
            told.push(format!("Default: `{}`.", text(default)));
        }
        told.retain(|part| !part.is_empty());
        told.join(" ")
    }
}

/// The type of a value.
fn kind(document: &Document, schema: &Schema) -> Result<String, Error> {
    let mut kinds = Vec::new();
    for alternative in schema.alternatives() {
        kinds.push(match name(alternative) {
            Some(name) => format!("`{name}`"),
            None => kind(document, &resolve(document, alternative)?)?,
        });
    }
    for one in schema.types() {
        kinds.push(match (one, &schema.items) {
            ("array", Some(items)) => {
                let items = kind(document, &resolve(document, items)?)?;
                format!("array of {items}s")
            }
            ("string", _) => match schema.format.as_deref() {
                Some(format @ ("date-time" | "date")) => format.into(),
                _ => one.into(),
            },
            (one, _) => one.into(),
        });
    }
    if kinds.is_empty() {
        // Constants may do without.
        kinds.extend(schema.r#const.iter().map(|only| match only {
            Value::String(_) => "string".to_owned(),
            Value::Bool(_) => "boolean".to_owned(),
            _ => "number".to_owned(),
        }));
    }
    kinds.dedup();
    Ok(listed(&kinds, "or"))
}

/// How long in these units, how large or how many. Nothing where that depends on which type a value
/// has.
fn limits(document: &Document, schema: &Schema, unit: &str) -> Result<String, Error> {
    if schema.types().filter(|one| *one != "null").count() > 1 {
        return Ok(String::new());
    }
    let mut limits = Vec::new();
    limits.extend(range(schema.min_length, schema.max_length, unit));
    limits.extend(range(schema.minimum.as_ref(), schema.maximum.as_ref(), ""));
    if let Some(most) = schema.max_items {
        limits.push(format!("at most {most}"));
    }
    if let Some(items) = &schema.items {
        let items = resolve(document, items)?;
        let each = range(items.min_length, items.max_length, unit);
        limits.extend(each.map(|each| format!("each {each}")));
    }
    Ok(limits.join(", "))
}

/// From one number to another, of something.
fn range<N: Display + PartialEq>(least: Option<N>, most: Option<N>, unit: &str) -> Option<String> {
    let range = match (least, most) {
        (None, None) => return None,
        (Some(least), Some(most)) if least == most => format!("exactly {least}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
    };
    Some(match unit.strip_suffix('s') {
        None => range,
        Some(one) if range.ends_with(" 1") => format!("{range} {one}"),
        Some(_) => format!("{range} {unit}"),
    })
}

/// Words in a sentence: `a, b or c`.
pub fn listed(words: &[String], conjunction: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} {conjunction} {last}", others.join(", ")),
    }
}

/// Words that are marked as code.
fn code(words: &[String]) -> Vec<String> {
    words.iter().map(|word| format!("`{word}`")).collect()
}

/// A value as it is written in a sentence or a field.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    /// What the properties of an object say: name, type with limits, and description.
    fn told(properties: &Value) -> Vec<[String; 3]> {
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
        let told = |it: Property| [it.name.clone(), it.kind_with_limits(), it.told()];
        super::properties(&document, whole).unwrap().into_iter().map(told).collect()
    }

    #[test]
    fn limits_are_told_as_people_say_them() {
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
                "date-time, date or null",
            ),
            (
                json!({"type": "array", "maxItems": 50, "items": {"type": "string", "maxLength": 64}}),
                "array of strings, at most 50, each at most 64 characters",
            ),
        ] {
            assert_eq!(told(&json!({"it": schema}))[0][1], kind);
        }
    }

    #[test]
    fn a_header_is_as_long_as_its_bytes() {
        let document = json!({"servers": [], "tags": [], "paths": {}, "components": {}});
        let document = Document::parse(&document).unwrap();
        for (place, kind) in
            [("header", "string, 1 to 9 bytes"), ("query", "string, 1 to 9 characters")]
        {
            let schema = json!({"type": "string", "minLength": 1, "maxLength": 9});
            let parameter = json!({"name": "it", "in": place, "schema": schema});
            let parameter = Parameter::deserialize(&parameter).unwrap();
            let told = Property::of_parameter(&document, &parameter).unwrap();
            assert_eq!(told.kind_with_limits(), kind);
        }
    }

    #[test]
    fn what_stands_beside_a_reference_wins() {
        let status = json!({"$ref": "#/components/schemas/Status", "description": "Where it stands.",
            "default": "active"});
        let text = "Where it stands. One of `active` or `churned`. Default: `active`.";
        assert_eq!(told(&json!({"status": status}))[0], ["status", "string", text]);
    }

    #[test]
    fn an_alternative_to_null_is_told_once() {
        let status = json!({"anyOf": [{"$ref": "#/components/schemas/Status"}, {"type": "null"}]});
        let told = told(&json!({"status": status}));
        assert_eq!(told[0], ["status", "string or null", "Any. One of `active` or `churned`."]);
    }

    #[test]
    fn the_values_in_a_list_are_told_too() {
        let all = json!({"type": "array", "items": {"$ref": "#/components/schemas/Status"}});
        let told = told(&json!({"all": all}));
        assert_eq!(told[0], ["all", "array of strings", "Each one of `active` or `churned`."]);
    }

    #[test]
    fn objects_in_objects_and_lists_are_told_with_their_path() {
        let part = json!({"$ref": "#/components/schemas/Part"});
        let told = told(&json!({"one": part, "all": {"type": "array", "items": part}}));
        let names: Vec<&str> = told.iter().map(|[name, ..]| name.as_str()).collect();
        assert_eq!(names, ["one", "one.id", "all", "all[].id"]);
        assert_eq!(told[2][1], "array of objects");
    }

    #[test]
    fn one_of_several_objects_is_told_by_their_names() {
        let one = json!({"oneOf": [{"$ref": "#/components/schemas/Part"},
            {"$ref": "#/components/schemas/Whole"}]});
        assert_eq!(told(&json!({"it": one}))[0][1], "`Part` or `Whole`");
    }
}
