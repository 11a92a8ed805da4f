//! What is known of a resource, property by property. For its page.

use serde::Serialize;
use serde_json::Value;

use crate::admin::display;
use crate::admin::forms::field::{Field, Input, Place};

/// A property with its value.
pub(in crate::admin) struct Fact {
    pub label: String,
    pub value: FactValue,
    /// What is said of the value.
    pub value_hint: &'static str,
}

/// A value as it is shown.
pub(in crate::admin) enum FactValue {
    /// The word for no value.
    Nothing(&'static str),
    Text(String),
    Number(String),
    Badge(String, &'static str),
    Badges(Vec<String>),
}

/// The properties that have a place on the page of their resource.
pub(in crate::admin) fn facts(
    fields: &[Field],
    place: Place,
    resource: &impl Serialize,
) -> Vec<Fact> {
    // Resources are always JSON.
    let object = serde_json::to_value(resource).unwrap_or_default();
    let fact = |field: &Field| {
        let value = fact_value(field.input, &object[field.name]);
        let value_hint = if matches!(value, FactValue::Nothing(_)) { "" } else { field.value_hint };
        Fact { label: field.label_text(), value, value_hint }
    };
    fields.iter().filter(|field| field.place == place).map(fact).collect()
}

fn fact_value(input: Input, value: &Value) -> FactValue {
    match (input, value) {
        (Input::Number, Value::Null) => FactValue::Nothing("not known"),
        (_, Value::Null) => FactValue::Nothing("none"),
        (Input::Choice(choice), Value::String(name)) => {
            let word = (choice.options)().into_iter().find(|(value, _)| value == name);
            let word = word.map_or(name.as_str(), |(_, word)| word);
            FactValue::Badge(word.to_owned(), (choice.tone)(name))
        }
        (_, Value::String(text)) => FactValue::Text(text.clone()),
        (_, Value::Number(number)) => {
            FactValue::Number(number.as_i64().map_or_else(|| number.to_string(), display::number))
        }
        (_, Value::Array(items)) if items.is_empty() => FactValue::Nothing("none"),
        (_, Value::Array(items)) => {
            FactValue::Badges(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        (_, Value::Bool(true)) => FactValue::Text("yes".to_owned()),
        (_, Value::Bool(false)) => FactValue::Text("no".to_owned()),
        (_, Value::Object(_)) => FactValue::Text(value.to_string()),
    }
}
