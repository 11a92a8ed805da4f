//! A field of a resource on the pages: its label, its form control, how a submitted value is
//! parsed, and how the current value is filled in.

use serde::Serialize;
use serde_json::Value;

use super::form::{Form, Kind};
use super::money;
use crate::admin::display::{self, plain_amount};
use crate::model::values::currency::Currency;
use crate::model::values::invisible::is_blank_text;

/// A row of one of the tables in `resource_fields`.
#[derive(Clone, Copy)]
pub(in crate::admin) struct Field {
    /// The field's name in the API.
    pub name: &'static str,
    /// The field's name in the middle of a sentence.
    pub in_sentence: &'static str,
    pub input: Input,
    /// Where the resource's page shows it.
    pub place: Place,
    label: Option<&'static str>,
    hint: &'static str,
    is_required: bool,
    /// For a field that the server generates when it is left empty in a new resource: the hint
    /// there.
    generated_hint: Option<&'static str>,
}

/// The form control of a field.
#[derive(Clone, Copy)]
pub(in crate::admin) enum Input {
    Text,
    Number,
    /// An amount of money.
    Money(Currency),
    Date,
    /// A date and time, in UTC.
    DateTime,
    /// A text area with this number of rows.
    Area(u8),
    /// A list with one item per line.
    List,
    /// A JSON object.
    Json,
    /// A drop-down list.
    Choice(Choice),
    /// A checkbox.
    Flag,
}

/// The values of a drop-down list.
#[derive(Clone, Copy)]
pub(in crate::admin) struct Choice {
    /// The values with their labels.
    pub options: fn() -> Vec<(&'static str, &'static str)>,
    /// Returns the tone of a value's badge.
    pub tone: fn(&str) -> &'static str,
}

/// Where a resource's page shows a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::admin) enum Place {
    Facts,
    /// With the IDs in other systems.
    Ids,
    /// In a section of its own.
    Separate,
}

/// Field names and the values that a form shows.
pub(in crate::admin) type Values = Vec<(&'static str, String)>;

/// A form control, for the template.
pub(in crate::admin) struct Control {
    pub name: &'static str,
    pub label: String,
    input: Input,
    pub hint: String,
    pub is_required: bool,
    /// The heading above it, if it starts a group.
    pub heading: Option<&'static str>,
}

impl Field {
    pub const fn new(name: &'static str, in_sentence: &'static str, input: Input) -> Self {
        Self {
            name,
            in_sentence,
            input,
            place: Place::Facts,
            label: None,
            hint: "",
            is_required: false,
            generated_hint: None,
        }
    }

    /// Creates a single-line text field.
    pub const fn text(name: &'static str, in_sentence: &'static str) -> Self {
        Self::new(name, in_sentence, Input::Text)
    }

    /// Creates a field for the resource's ID in another system.
    pub const fn id(name: &'static str, in_sentence: &'static str) -> Self {
        Self { place: Place::Ids, ..Self::text(name, in_sentence) }
    }

    /// Sets a label. The default is the capitalized name.
    pub const fn label(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }

    /// Sets the hint below the form control.
    pub const fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    pub const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// Marks a field that the server generates when it is left empty in a new resource. The hint
    /// says so.
    pub const fn generated(self, hint: &'static str) -> Self {
        Self { generated_hint: Some(hint), ..self }
    }

    /// Gives the field a section of its own on the resource's page.
    pub const fn separate(self) -> Self {
        Self { place: Place::Separate, ..self }
    }

    /// Returns the field with its amounts in a currency.
    pub fn in_currency(mut self, currency: Currency) -> Self {
        if let Input::Money(of_field) = &mut self.input {
            *of_field = currency;
        }
        self
    }

    /// Returns the label.
    pub fn label_text(&self) -> String {
        self.label.map_or_else(|| display::capitalize(self.in_sentence), str::to_owned)
    }

    /// Returns how a submitted value is parsed.
    pub fn kind(&self) -> Kind {
        match self.input {
            Input::Text if self.is_required => Kind::Text,
            Input::Text => Kind::Nullable,
            Input::Number => Kind::Number,
            Input::Money(currency) => Kind::Money(currency),
            Input::Date | Input::DateTime => Kind::Time,
            Input::Area(_) => Kind::Area,
            Input::List => Kind::List,
            Input::Json => Kind::Json,
            Input::Choice(_) => Kind::Text,
            Input::Flag => Kind::Flag,
        }
    }

    /// Formats a JSON value for the form control.
    fn form_value(&self, value: &Value) -> String {
        let first = |text: &str, length| text.chars().take(length).collect();
        match (self.input, value) {
            (_, Value::Null) => String::new(),
            // Shortens `2026-05-26T17:21:09.123Z` to what `date` and `datetime-local` inputs
            // accept.
            (Input::Date, Value::String(time)) => first(time, "2026-05-26".len()),
            (Input::DateTime, Value::String(time)) => first(time, "2026-05-26T17:21".len()),
            (Input::Money(currency), Value::Number(number)) => {
                number.as_i64().map_or_else(String::new, |amount| plain_amount(amount, currency))
            }
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
    /// Returns the type of a single-line input.
    pub fn input_type(&self) -> Option<&'static str> {
        match self.input {
            Input::Text | Input::Money(_) => Some("text"),
            Input::Number => Some("number"),
            Input::Date => Some("date"),
            Input::DateTime => Some("datetime-local"),
            _ => None,
        }
    }

    /// Returns the number of rows of a text area.
    pub fn rows(&self) -> Option<u8> {
        match self.input {
            Input::Area(rows) => Some(rows),
            Input::List => Some(4),
            Input::Json => Some(8),
            _ => None,
        }
    }

    /// Returns the options of a drop-down list.
    pub fn options(&self) -> Option<Vec<(&'static str, &'static str)>> {
        match self.input {
            Input::Choice(choice) => Some((choice.options)()),
            _ => None,
        }
    }
}

/// Returns how the form of an existing resource is parsed.
pub(in crate::admin) fn shape(fields: &[Field]) -> Vec<(&'static str, Kind)> {
    fields.iter().map(|field| (field.name, field.kind())).collect()
}

/// Returns how the form of a new resource is parsed: without empty fields that the server
/// generates.
pub(in crate::admin) fn new_shape(fields: &[Field], form: &Form) -> Vec<(&'static str, Kind)> {
    let is_parsed =
        |field: &&Field| field.generated_hint.is_none() || !is_blank_text(form.value(field.name));
    fields.iter().filter(is_parsed).map(|field| (field.name, field.kind())).collect()
}

/// Returns the values that a form shows for a resource.
pub(in crate::admin) fn values(fields: &[Field], resource: &impl Serialize) -> Values {
    // Cannot fail for resources.
    let object = serde_json::to_value(resource).unwrap_or_default();
    let value = |field: &Field| (field.name, field.form_value(&object[field.name]));
    fields.iter().map(value).collect()
}

/// Returns the form controls for a new or an existing resource.
pub(in crate::admin) fn controls(fields: &[Field], is_new: bool) -> Vec<Control> {
    let mut previous = Place::Facts;
    let control = |field: &Field| {
        let starts_group = field.place == Place::Ids && previous != Place::Ids;
        previous = field.place;
        let generated_hint = field.generated_hint.filter(|_| is_new);
        let (mut label, mut hint) =
            (field.label_text(), generated_hint.unwrap_or(field.hint).to_owned());
        if let Input::Money(currency) = field.input {
            label = format!("{label} ({currency})");
            hint = format!("{hint}, such as {}.", money::example(currency));
        }
        Control {
            name: field.name,
            label,
            input: field.input,
            hint,
            is_required: field.is_required && generated_hint.is_none(),
            heading: starts_group.then_some("IDs in other systems"),
        }
    };
    fields.iter().map(control).collect()
}
