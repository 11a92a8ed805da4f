//! A property of a resource on the pages: its label, its control in a form, how the form is parsed,
//! and the value that the form shows.

use serde::Serialize;
use serde_json::Value;

use super::form::{Form, Kind};
use crate::admin::display;
use crate::model::values::invisible::is_blank_text;

/// A line of one of the tables in `properties`.
pub(in crate::admin) struct Field {
    /// The property's name in the API.
    pub name: &'static str,
    /// What it is called within a sentence.
    pub in_sentence: &'static str,
    pub input: Input,
    /// Where the page of its resource shows it.
    pub place: Place,
    /// What is in_sentence of its value there.
    pub value_hint: &'static str,
    label: Option<&'static str>,
    hint: &'static str,
    is_required: bool,
    /// The hint in the form of a new resource, for which it is made when it is left empty.
    generated_hint: Option<&'static str>,
}

/// How a property is typed.
#[derive(Clone, Copy)]
pub(in crate::admin) enum Input {
    Text,
    Number,
    /// A day.
    Date,
    /// A day and a time of day, in UTC.
    Moment,
    /// A text area with this many rows.
    Area(u8),
    /// A list, one item on each line.
    List,
    /// A JSON object.
    Json,
    /// One of several words.
    Choice(Choice),
    /// A box to tick.
    Flag,
}

/// The words to choose from.
#[derive(Clone, Copy)]
pub(in crate::admin) struct Choice {
    /// Each value with its word.
    pub options: fn() -> Vec<(&'static str, &'static str)>,
    /// The tone of a value's badge.
    pub tone: fn(&str) -> &'static str,
}

/// Where the page of a resource shows a property.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::admin) enum Place {
    Facts,
    /// Among the ids in other systems.
    Ids,
    /// In a part of the page that is made for it.
    Separate,
}

/// The values of fields, by their names.
pub(in crate::admin) type Values = Vec<(&'static str, String)>;

/// A field as the template of a form shows it.
pub(in crate::admin) struct Control {
    pub name: &'static str,
    pub label: String,
    input: Input,
    pub hint: &'static str,
    pub is_required: bool,
    /// The heading above it, if a group of fields begins here.
    pub heading: Option<&'static str>,
}

impl Field {
    pub const fn new(name: &'static str, in_sentence: &'static str, input: Input) -> Self {
        Self {
            name,
            in_sentence,
            input,
            place: Place::Facts,
            value_hint: "",
            label: None,
            hint: "",
            is_required: false,
            generated_hint: None,
        }
    }

    /// A line of text.
    pub const fn text(name: &'static str, in_sentence: &'static str) -> Self {
        Self::new(name, in_sentence, Input::Text)
    }

    /// The id that the resource has in another system.
    pub const fn id(name: &'static str, in_sentence: &'static str) -> Self {
        Self { place: Place::Ids, ..Self::text(name, in_sentence) }
    }

    /// A label other than its name in a sentence with a capital.
    pub const fn label(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }

    /// The hint below it in a form.
    pub const fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// The note below its value on the page of the resource.
    pub const fn value_hint(self, value_hint: &'static str) -> Self {
        Self { value_hint, ..self }
    }

    /// It always has a value.
    pub const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// A new resource gets one when it is left empty, which the hint says.
    pub const fn generated(self, hint: &'static str) -> Self {
        Self { generated_hint: Some(hint), ..self }
    }

    /// The page of the resource has a part of its own for it.
    pub const fn separate(self) -> Self {
        Self { place: Place::Separate, ..self }
    }

    /// The text of its label.
    pub fn label_text(&self) -> String {
        self.label.map_or_else(|| display::capitalize(self.in_sentence), str::to_owned)
    }

    /// How it is read from a form.
    pub fn kind(&self) -> Kind {
        match self.input {
            Input::Text if self.is_required => Kind::Text,
            Input::Text => Kind::Nullable,
            Input::Number => Kind::Number,
            Input::Date | Input::Moment => Kind::Time,
            Input::Area(_) => Kind::Area,
            Input::List => Kind::List,
            Input::Json => Kind::Json,
            Input::Choice(_) => Kind::Text,
            Input::Flag => Kind::Flag,
        }
    }

    /// The text that the form shows for a value of its property.
    fn form_value(&self, value: &Value) -> String {
        let first = |text: &str, length| text.chars().take(length).collect();
        match (self.input, value) {
            (_, Value::Null) => String::new(),
            // `2026-05-26T17:21:09.123Z` as browsers' fields for days and times have it.
            (Input::Date, Value::String(time)) => first(time, "2026-05-26".len()),
            (Input::Moment, Value::String(time)) => first(time, "2026-05-26T17:21".len()),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Bool(is)) => if *is { "true" } else { "" }.to_owned(),
            (_, Value::Number(number)) => number.to_string(),
            (_, Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
            }
            (_, Value::Object(_)) => serde_json::to_string_pretty(value).unwrap_or_default(),
        }
    }
}

impl Control {
    /// The type of its input, if it is a line.
    pub fn input_type(&self) -> Option<&'static str> {
        match self.input {
            Input::Text => Some("text"),
            Input::Number => Some("number"),
            Input::Date => Some("date"),
            Input::Moment => Some("datetime-local"),
            _ => None,
        }
    }

    /// How many lines are seen, if it has several.
    pub fn rows(&self) -> Option<u8> {
        match self.input {
            Input::Area(rows) => Some(rows),
            Input::List => Some(4),
            Input::Json => Some(8),
            _ => None,
        }
    }

    /// What there is to choose from, if it is a choice.
    pub fn options(&self) -> Option<Vec<(&'static str, &'static str)>> {
        match self.input {
            Input::Choice(choice) => Some((choice.options)()),
            _ => None,
        }
    }
}

/// The fields as a form is read by them.
pub(in crate::admin) fn shape(fields: &[Field]) -> Vec<(&'static str, Kind)> {
    fields.iter().map(|field| (field.name, field.kind())).collect()
}

/// The same for a new resource: what is made for it when left empty is not read then.
pub(in crate::admin) fn new_shape(fields: &[Field], form: &Form) -> Vec<(&'static str, Kind)> {
    let counts =
        |field: &&Field| field.generated_hint.is_none() || !is_blank_text(form.value(field.name));
    fields.iter().filter(counts).map(|field| (field.name, field.kind())).collect()
}

/// The values that a form shows for a resource.
pub(in crate::admin) fn values(fields: &[Field], resource: &impl Serialize) -> Values {
    // Resources are always JSON.
    let object = serde_json::to_value(resource).unwrap_or_default();
    let value = |field: &Field| (field.name, field.form_value(&object[field.name]));
    fields.iter().map(value).collect()
}

/// The fields as the form of a new resource, or of one that there is, shows them.
pub(in crate::admin) fn controls(fields: &[Field], is_new: bool) -> Vec<Control> {
    let mut before = Place::Facts;
    let control = |field: &Field| {
        let begins = field.place == Place::Ids && before != Place::Ids;
        before = field.place;
        let generated_hint = field.generated_hint.filter(|_| is_new);
        Control {
            name: field.name,
            label: field.label_text(),
            input: field.input,
            hint: generated_hint.unwrap_or(field.hint),
            is_required: field.is_required && generated_hint.is_none(),
            heading: begins.then_some("Ids in other systems"),
        }
    };
    fields.iter().map(control).collect()
}
