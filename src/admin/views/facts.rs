//! What is known of a resource, property by property. For its page.

use serde::Serialize;
use serde_json::Value;

use crate::admin::forms::field::{Field, Input, Place};
use crate::admin::words;

/// A property with its value.
pub(in crate::admin) struct Fact {
    pub label: String,
    pub shown: Shown,
    /// What is said of the value.
    pub note: &'static str,
}

/// A value as it is shown.
pub(in crate::admin) enum Shown {
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
        let shown = shown(field.input, &object[field.name]);
        let note = if matches!(shown, Shown::Nothing(_)) { "" } else { field.note };
        Fact { label: field.label_text(), shown, note }
    };
    fields.iter().filter(|field| field.place == place).map(fact).collect()
}

fn shown(input: Input, value: &Value) -> Shown {
    match (input, value) {
        (Input::Number, Value::Null) => Shown::Nothing("not known"),
        (_, Value::Null) => Shown::Nothing("none"),
        (Input::Choice(choice), Value::String(name)) => {
            let word = (choice.options)().into_iter().find(|(value, _)| value == name);
            let word = word.map_or(name.as_str(), |(_, word)| word);
            Shown::Badge(word.to_owned(), (choice.tone)(name))
        }
        (_, Value::String(text)) => Shown::Text(text.clone()),
        (_, Value::Number(number)) => {
            Shown::Number(number.as_i64().map_or_else(|| number.to_string(), words::number))
        }
        (_, Value::Array(items)) if items.is_empty() => Shown::Nothing("none"),
        (_, Value::Array(items)) => {
            Shown::Badges(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        (_, Value::Bool(true)) => Shown::Text("yes".to_owned()),
        (_, Value::Bool(false)) => Shown::Text("no".to_owned()),
        (_, Value::Object(_)) => Shown::Text(value.to_string()),
    }
}
