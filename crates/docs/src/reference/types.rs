//! Describes the type of a value and its limits in words.

use std::fmt::Display;

use serde_json::Value;

use super::document::{Document, Schema};
use super::error::Error;
use super::phrases;
use super::schema::{component_name, resolve};

/// Returns the type of a value, such as `string or null`.
pub fn type_name(document: &Document, schema: &Schema) -> Result<String, Error> {
    let mut kinds = Vec::new();
    for alternative in schema.alternatives() {
        kinds.push(match component_name(alternative) {
            Some(name) => format!("`{name}`"),
            None => type_name(document, &resolve(document, alternative)?)?,
        });
    }
    for one in schema.types() {
        kinds.push(match (one, &schema.items) {
            ("array", Some(items)) => {
                let items = type_name(document, &resolve(document, items)?)?;
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
        // A `const` may have no `type`.
        kinds.extend(schema.r#const.iter().map(|only| match only {
            Value::String(_) => "string".to_owned(),
            Value::Bool(_) => "boolean".to_owned(),
            _ => "number".to_owned(),
        }));
    }
    kinds.dedup();
    Ok(phrases::join(&kinds, "or"))
}

/// Returns the limits of a value: its length in `unit`, its size, or its number of items. Empty if
/// there are several types, because each limit applies to only one of them.
pub fn limits(document: &Document, schema: &Schema, unit: &str) -> Result<String, Error> {
    if schema.types().filter(|one| *one != "null").count() > 1 {
        return Ok(String::new());
    }
    let mut limits = Vec::new();
    limits.extend(range(schema.min_length, schema.max_length, unit));
    limits.extend(range(schema.minimum.as_ref(), schema.maximum.as_ref(), ""));
    if let Some(max) = schema.max_items {
        limits.push(format!("at most {max}"));
    }
    if let Some(items) = &schema.items {
        let items = resolve(document, items)?;
        let each = range(items.min_length, items.max_length, unit);
        limits.extend(each.map(|each| format!("each {each}")));
    }
    Ok(limits.join(", "))
}

/// Describes a range, such as `1 to 255 characters`.
fn range<N: Display + PartialEq>(min: Option<N>, max: Option<N>, unit: &str) -> Option<String> {
    let range = match (min, max) {
        (None, None) => return None,
        (Some(min), Some(max)) if min == max => format!("exactly {min}"),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
    };
    Some(match unit.strip_suffix('s') {
        None => range,
        Some(one) if range.ends_with(" 1") => format!("{range} {one}"),
        Some(_) => format!("{range} {unit}"),
    })
}
