//! The fields of a resource with their values, for its page.

use serde::Serialize;
use serde_json::Value;

use crate::admin::display;
use crate::admin::forms::field::{Field, Input, Place};
use crate::model::values::time::Timestamp;

pub(in crate::admin) struct Fact {
    pub label: String,
    pub value: FactValue,
}

/// A value, ready for the template.
pub(in crate::admin) enum FactValue {
    /// No value, with a label such as `none`.
    Nothing(&'static str),
    Text(String),
    Number(String),
    Day(Timestamp),
    Moment(Timestamp),
    Badge(String, &'static str),
    Badges(Vec<String>),
}

/// Returns the fields that belong in one place of the resource's page.
pub(in crate::admin) fn facts(
    fields: &[Field],
    place: Place,
    resource: &impl Serialize,
) -> Vec<Fact> {
    // Cannot fail for resources.
    let object = serde_json::to_value(resource).unwrap_or_default();
    let fact = |field: &Field| {
        let value = fact_value(field.input, &object[field.name]);
        Fact { label: field.label_text(), value }
    };
    fields.iter().filter(|field| field.place == place).map(fact).collect()
}

fn fact_value(input: Input, value: &Value) -> FactValue {
    match (input, value) {
        (Input::Money(currency), Value::Number(number)) => FactValue::Number(
            number.as_i64().map_or_else(|| number.to_string(), |n| display::money(n, currency)),
        ),
        (Input::Number | Input::Money(_), Value::Null) => FactValue::Nothing("unknown"),
        (_, Value::Null) => FactValue::Nothing("none"),
        (Input::Choice(choice), Value::String(name)) => {
            let label = (choice.options)().into_iter().find(|(value, _)| value == name);
            let label = label.map_or(name.as_str(), |(_, label)| label);
            FactValue::Badge(label.to_owned(), (choice.tone)(name))
        }
        (Input::Date | Input::DateTime, Value::String(text)) => match Timestamp::parse(text) {
            Some(time) if matches!(input, Input::Date) => FactValue::Day(time),
            Some(time) => FactValue::Moment(time),
            None => FactValue::Text(text.clone()),
        },
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
