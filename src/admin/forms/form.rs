//! Forms: what was typed, how it becomes a value of the model through the same parsers as the API's
//! bodies, and what is wrong with it.

use serde_json::{Map, Number, Value};

use crate::admin::display;
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::problem::Problem;
use crate::model::values::invisible::is_blank_text;
use crate::model::values::time::Timestamp;

/// What was typed into a form, or what stands in it before anybody has typed, with the problems
/// that are shown at its fields.
#[derive(Clone, Default)]
pub(in crate::admin) struct Form {
    pairs: Vec<(String, String)>,
    problems: Vec<Problem>,
}

/// How a field of a form is read as the property of the same name.
#[derive(Clone, Copy)]
pub(in crate::admin) enum Kind {
    /// Text as it is.
    Text,
    /// Text; nothing typed is null.
    Nullable,
    /// The same with several lines.
    Area,
    /// A number; nothing typed is null.
    Number,
    /// A day or a moment, which is UTC when it has no offset; nothing typed is null.
    Time,
    /// A list from text, one item on each line: an item can hold any other character.
    List,
    /// A list of all that was chosen under the name.
    Chosen,
    /// A box that is ticked or not.
    Flag,
    /// JSON; nothing typed is an empty object.
    Json,
}

/// The fields that become a body, by their names.
pub(in crate::admin) type Shape = [(&'static str, Kind)];

impl Form {
    /// What a browser sent, in a body or in a query.
    pub fn from_urlencoded(bytes: &[u8]) -> Self {
        // Browsers end lines in two characters, whatever stood in the field before.
        let pairs = url::form_urlencoded::parse(bytes)
            .map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n")))
            .collect();
        Self { pairs, problems: Vec::new() }
    }

    /// What stands in a form before anybody has typed.
    pub fn from_values(values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let pairs = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { pairs, problems: Vec::new() }
    }

    /// The same with problems, to be shown again.
    #[must_use]
    pub fn with_problems(self, problems: Vec<Problem>) -> Self {
        Self { problems, ..self }
    }

    /// What stands in a field.
    pub fn value(&self, name: &str) -> &str {
        self.pairs.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Whether a value is chosen under a name that can have several.
    pub fn is_selected(&self, name: &str, value: &str) -> bool {
        self.pairs.iter().any(|(field, chosen)| field == name && chosen == value)
    }

    /// Whether the form has a field.
    pub fn has_field(&self, name: &str) -> bool {
        self.pairs.iter().any(|(field, _)| field == name)
    }

    /// Puts something else into a field.
    pub fn set(&mut self, name: &str, value: String) {
        self.pairs.retain(|(field, _)| field != name);
        self.pairs.push((name.to_owned(), value));
    }

    /// The fields whose names begin with a prefix.
    pub fn fields_with_prefix(&self, prefix: &str) -> Vec<(&str, &str)> {
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(name, _)| name.starts_with(prefix)).collect()
    }

    /// What is wrong with a field, as a sentence to stand beside it.
    pub fn error(&self, name: &str) -> Option<String> {
        let said: Vec<String> =
            self.problems.iter().filter_map(|problem| field_error(problem, name)).collect();
        (!said.is_empty()).then(|| said.join(" "))
    }

    /// Whether anything is wrong.
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// The fields that are not empty, as query parameters are parsed.
    pub fn non_empty_fields(&self) -> Vec<(String, String)> {
        self.pairs.iter().filter(|(_, value)| !value.is_empty()).cloned().collect()
    }

    /// Those of them that have one of these names.
    pub fn non_empty_fields_in(&self, names: &[&str]) -> Vec<(String, String)> {
        let mut given = self.non_empty_fields();
        given.retain(|(name, _)| names.contains(&name.as_str()));
        given
    }

    /// Parses the fields of a shape as the body of a POST.
    pub fn parse<B: Body>(&self, shape: &Shape) -> Result<B, Vec<Problem>> {
        Fields::parse(&self.to_json(shape))
    }

    /// Parses them as the body of a PATCH; nothing when the shape has no property of it.
    pub fn parse_patch<B: Body>(&self, shape: &Shape) -> Result<Option<B>, Vec<Problem>> {
        Fields::parse_patch(&self.to_json(shape))
    }

    /// The object that a client of the API would have sent. A field that the form does not have is
    /// not in it, but for a box, which browsers leave out when it is not ticked.
    fn to_json(&self, shape: &Shape) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, kind) in shape {
            let all = || self.pairs.iter().filter(|(field, _)| field == name);
            let first = all().next().map(|(_, value)| value.as_str());
            let value = match (kind, first) {
                (Kind::Flag, ticked) => Some(Value::Bool(ticked.is_some())),
                (Kind::Chosen, _) => Some(all().map(|(_, value)| value.as_str()).collect()),
                (_, None) => None,
                (Kind::Text, Some(text)) => Some(text.into()),
                (Kind::List, Some(text)) => Some(parse_list(text)),
                (Kind::Json, Some(text)) => Some(parse_json(text)),
                (Kind::Nullable | Kind::Area | Kind::Number | Kind::Time, Some(text))
                    if is_blank_text(text) =>
                {
                    Some(Value::Null)
                }
                (Kind::Nullable | Kind::Area, Some(text)) => Some(text.into()),
                (Kind::Number, Some(text)) => Some(parse_number(text)),
                (Kind::Time, Some(text)) => Some(parse_time(text)),
            };
            object.extend(value.map(|value| ((*name).to_owned(), value)));
        }
        object
    }
}

// What cannot be read stays text, so that the property's own parser says what it has to be.

fn parse_number(text: &str) -> Value {
    let read = serde_json::from_str::<Number>(text.trim());
    read.map_or_else(|_| text.into(), Value::Number)
}

fn parse_time(text: &str) -> Value {
    Timestamp::parse_input(text).map_or_else(|| text.into(), |time| time.to_cursor().into())
}

fn parse_list(text: &str) -> Value {
    let items = text.lines().map(str::trim).filter(|item| !is_blank_text(item));
    items.map(Value::from).collect()
}

fn parse_json(text: &str) -> Value {
    if is_blank_text(text) {
        return Value::Object(Map::new());
    }
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// A problem's message without the name of its property, if it is that of this field.
fn field_error(problem: &Problem, name: &str) -> Option<String> {
    let place = problem.field.strip_prefix(name)?;
    let says = problem.message.strip_prefix(problem.field.as_str()).map(str::trim_start);
    let says = says.unwrap_or(&problem.message);
    let item = place.strip_prefix('.').and_then(|index| index.parse::<usize>().ok());
    match (place, item) {
        ("", _) => Some(format!("{}.", display::capitalize(says))),
        (_, Some(index)) => Some(format!("Item {} {says}.", index + 1)),
        // A longer name that begins alike, or a place inside an object.
        (place, None) if place.starts_with('.') => Some(format!("{}.", problem.message)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::parse::problem::Rule;

    const SHAPE: &Shape = &[
        ("name", Kind::Text),
        ("domain", Kind::Nullable),
        ("mrr", Kind::Number),
        ("tags", Kind::List),
        ("scopes", Kind::Chosen),
        ("primary", Kind::Flag),
        ("metadata", Kind::Json),
        ("due", Kind::Time),
    ];

    #[test]
    fn a_form_becomes_the_object_that_a_client_would_send() {
        let sent = "name=A%20B&domain=&mrr=12&tags=a,%20b%0D%0A%0D%0Ac&scopes=x&scopes=y&primary=on\
                    &metadata=%7B%22k%22:1%7D&due=2026-05-26T17:21&csrf=1";
        let object = json!({"name": "A B", "domain": null, "mrr": 12, "tags": ["a, b", "c"],
            "scopes": ["x", "y"], "primary": true, "metadata": {"k": 1}, "due": "2026-05-26T17:21:00.000000Z"});
        assert_eq!(Value::Object(Form::from_urlencoded(sent.as_bytes()).to_json(SHAPE)), object);
        let odd = Form::from_urlencoded(b"mrr=a%20lot&metadata=%7B&due=soon").to_json(SHAPE);
        assert_eq!(
            Value::Object(odd),
            json!({"mrr": "a lot", "scopes": [], "primary": false, "metadata": "{", "due": "soon"})
        );
    }

    #[test]
    fn a_problem_stands_at_its_field() {
        let problem = |field: &str, message: &str| Problem {
            rule: Rule::TooBig,
            message: message.to_owned(),
            field: field.to_owned(),
        };
        let form = Form::default().with_problems(vec![
            problem("name", "name must not be empty"),
            problem("tags.1", "tags.1 must be at most 64 characters"),
            problem("name_2", "name_2 is required"),
        ]);
        assert_eq!(form.error("name").as_deref(), Some("Must not be empty."));
        assert_eq!(form.error("tags").as_deref(), Some("Item 2 must be at most 64 characters."));
        assert_eq!(form.error("domain"), None);
    }
}
