//! Forms: the submitted values, their conversion to the model with the parsers of the API, and the
//! problems found.

use serde_json::{Map, Number, Value};

use super::money::parse_amount;
use crate::admin::display;
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::problem::{Problem, Rule};
use crate::model::values::currency::Currency;
use crate::model::values::invisible::is_blank_text;
use crate::model::values::time::Timestamp;

/// The values of a form, submitted or prefilled, and the problems shown at its fields.
#[derive(Clone, Default)]
pub(in crate::admin) struct Form {
    pairs: Vec<(String, String)>,
    problems: Vec<Problem>,
}

/// How a form field is converted to the JSON field of the same name.
#[derive(Clone, Copy)]
pub(in crate::admin) enum Kind {
    Text,
    /// Text; blank means null.
    Nullable,
    /// Multi-line text; blank means null.
    Area,
    /// A number; blank means null.
    Number,
    /// An amount of money; blank means null.
    Money(Currency),
    /// A date or a date and time, in UTC unless it has an offset; blank means null.
    Time,
    /// A list with one item per line. Items can contain any other character.
    List,
    /// The list of the values that are checked in a group of checkboxes.
    Checked,
    /// A checkbox.
    Flag,
    /// JSON; blank means an empty object.
    Json,
}

/// The fields of a request body, by name.
pub(in crate::admin) type Shape = [(&'static str, Kind)];

impl Form {
    /// Decodes a form body or a query string.
    pub fn from_urlencoded(bytes: &[u8]) -> Self {
        // Browsers submit line breaks as CRLF.
        let pairs = url::form_urlencoded::parse(bytes)
            .map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n")))
            .collect();
        Self { pairs, problems: Vec::new() }
    }

    /// Creates a form from submitted values.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self { pairs, problems: Vec::new() }
    }

    /// Creates a prefilled form.
    pub fn from_values(values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let pairs = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { pairs, problems: Vec::new() }
    }

    /// Returns the form with problems, for showing it again.
    #[must_use]
    pub fn with_problems(self, problems: Vec<Problem>) -> Self {
        Self { problems, ..self }
    }

    /// Returns a field's value, or an empty string.
    pub fn value(&self, name: &str) -> &str {
        self.pairs.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Whether a value is among the selected ones of a field.
    pub fn is_selected(&self, name: &str, value: &str) -> bool {
        self.pairs.iter().any(|(field, chosen)| field == name && chosen == value)
    }

    pub fn has_field(&self, name: &str) -> bool {
        self.pairs.iter().any(|(field, _)| field == name)
    }

    pub fn set(&mut self, name: &str, value: String) {
        self.pairs.retain(|(field, _)| field != name);
        self.pairs.push((name.to_owned(), value));
    }

    pub fn fields_with_prefix(&self, prefix: &str) -> Vec<(&str, &str)> {
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(name, _)| name.starts_with(prefix)).collect()
    }

    /// Returns the problems with a field as a sentence to show next to it.
    pub fn error(&self, name: &str) -> Option<String> {
        let errors: Vec<String> =
            self.problems.iter().filter_map(|problem| field_error(problem, name)).collect();
        (!errors.is_empty()).then(|| errors.join(" "))
    }

    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Returns the fields that are not empty, for parsing as query parameters.
    pub fn non_empty_fields(&self) -> Vec<(String, String)> {
        self.pairs.iter().filter(|(_, value)| !value.is_empty()).cloned().collect()
    }

    /// Like [`Self::non_empty_fields`], but only the fields with these names.
    pub fn non_empty_fields_in(&self, names: &[&str]) -> Vec<(String, String)> {
        let mut fields = self.non_empty_fields();
        fields.retain(|(name, _)| names.contains(&name.as_str()));
        fields
    }

    /// Parses the fields as the body of a POST.
    pub fn parse<B: Body>(&self, shape: &Shape) -> Result<B, Vec<Problem>> {
        self.with_amounts(shape, Fields::parse(&self.to_json(shape)))
    }

    /// Parses the fields as the body of a PATCH. Returns `None` if the body would be empty.
    pub fn parse_patch<B: Body>(&self, shape: &Shape) -> Result<Option<B>, Vec<Problem>> {
        self.with_amounts(shape, Fields::parse_patch(&self.to_json(shape)))
    }

    /// Adds the problems with amounts of money, which the API's parsers can't report: to them, an
    /// amount is an integer.
    fn with_amounts<T>(
        &self,
        shape: &Shape,
        parsed: Result<T, Vec<Problem>>,
    ) -> Result<T, Vec<Problem>> {
        let problem = |(name, kind): &(&'static str, Kind)| {
            let Kind::Money(currency) = *kind else { return None };
            let text = self.value(name);
            let error = parse_amount(text, currency).err().filter(|_| !is_blank_text(text))?;
            let message = format!("{name} {}", error.requirement(currency));
            Some(Problem { rule: Rule::InvalidString, message, field: (*name).to_owned() })
        };
        let problems: Vec<Problem> = shape.iter().filter_map(problem).collect();
        match parsed {
            Ok(parsed) if problems.is_empty() => Ok(parsed),
            Ok(_) => Err(problems),
            Err(others) => Err(others.into_iter().chain(problems).collect()),
        }
    }

    /// Returns the JSON object that an API client would send. Fields that were not submitted are
    /// left out, except for checkboxes, which browsers omit when they are not checked.
    fn to_json(&self, shape: &Shape) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, kind) in shape {
            let all = || self.pairs.iter().filter(|(field, _)| field == name);
            let first = all().next().map(|(_, value)| value.as_str());
            let value = match (kind, first) {
                (Kind::Flag, checked) => Some(Value::Bool(checked.is_some())),
                (Kind::Checked, _) => Some(all().map(|(_, value)| value.as_str()).collect()),
                (_, None) => None,
                (Kind::Text, Some(text)) => Some(text.into()),
                (Kind::List, Some(text)) => Some(parse_list(text)),
                (Kind::Json, Some(text)) => Some(parse_json(text)),
                (
                    Kind::Nullable | Kind::Area | Kind::Number | Kind::Money(_) | Kind::Time,
                    Some(text),
                ) if is_blank_text(text) => Some(Value::Null),
                (Kind::Nullable | Kind::Area, Some(text)) => Some(text.into()),
                (Kind::Number, Some(text)) => Some(parse_number(text)),
                // `with_amounts` reports a problem.
                (Kind::Money(currency), Some(text)) => {
                    parse_amount(text, *currency).ok().map(Value::from)
                }
                (Kind::Time, Some(text)) => Some(parse_time(text)),
            };
            object.extend(value.map(|value| ((*name).to_owned(), value)));
        }
        object
    }
}

// Values that cannot be converted stay text, so that the field's own parser reports the problem.

fn parse_number(text: &str) -> Value {
    let read = serde_json::from_str::<Number>(text.trim());
    read.map_or_else(|_| text.into(), Value::Number)
}

fn parse_time(text: &str) -> Value {
    Timestamp::parse_lenient(text).map_or_else(|| text.into(), |time| time.to_cursor().into())
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

/// Returns a problem's message without the field name it starts with, if the problem belongs to
/// this field.
fn field_error(problem: &Problem, name: &str) -> Option<String> {
    let rest = problem.field.strip_prefix(name)?;
    let message = problem.message.strip_prefix(problem.field.as_str()).map(str::trim_start);
    let message = message.unwrap_or(&problem.message);
    let item = rest.strip_prefix('.').and_then(|index| index.parse::<usize>().ok());
    match (rest, item) {
        ("", _) => Some(format!("{}.", display::capitalize(message))),
        (_, Some(index)) => Some(format!("Item {} {message}.", index + 1)),
        // A path inside an object. Otherwise it is another field whose name starts with this one.
        (rest, None) if rest.starts_with('.') => Some(format!("{}.", problem.message)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::customer::CustomerPatch;

    const SHAPE: &Shape = &[
        ("name", Kind::Text),
        ("domain", Kind::Nullable),
        ("mrr", Kind::Number),
        ("tags", Kind::List),
        ("scopes", Kind::Checked),
        ("primary", Kind::Flag),
        ("metadata", Kind::Json),
        ("due", Kind::Time),
    ];

    #[test]
    fn a_form_becomes_the_json_that_an_api_client_would_send() {
        let body = "name=A%20B&domain=&mrr=12&tags=a,%20b%0D%0A%0D%0Ac&scopes=x&scopes=y&primary=on\
                    &metadata=%7B%22k%22:1%7D&due=2026-05-26T17:21&csrf=1";
        let object = json!({"name": "A B", "domain": null, "mrr": 12, "tags": ["a, b", "c"],
            "scopes": ["x", "y"], "primary": true, "metadata": {"k": 1}, "due": "2026-05-26T17:21:00.000000Z"});
        assert_eq!(Value::Object(Form::from_urlencoded(body.as_bytes()).to_json(SHAPE)), object);
        let malformed = Form::from_urlencoded(b"mrr=a%20lot&metadata=%7B&due=soon").to_json(SHAPE);
        assert_eq!(
            Value::Object(malformed),
            json!({"mrr": "a lot", "scopes": [], "primary": false, "metadata": "{", "due": "soon"})
        );
    }

    #[test]
    fn an_amount_of_money_becomes_an_integer_and_its_problems_join_the_others() {
        let shape: &Shape = &[("mrr", Kind::Money(Currency::DEFAULT)), ("slug", Kind::Text)];
        let form = Form::from_urlencoded(b"mrr=%241,234.50");
        assert_eq!(Value::Object(form.to_json(shape)), json!({"mrr": 123_450}));
        assert_eq!(
            Value::Object(Form::from_urlencoded(b"mrr=").to_json(shape)),
            json!({"mrr": null})
        );
        let form = Form::from_urlencoded(b"mrr=1,5&slug=A+B");
        let problems = form.parse_patch::<CustomerPatch>(shape).err().unwrap();
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["slug", "mrr"]);
        let error = form.with_problems(problems).error("mrr").unwrap();
        assert!(error.starts_with("Must be an amount in USD such as 1234.50, "), "{error}");
        let only_amount = Form::from_urlencoded(b"mrr=1,5");
        assert!(only_amount.parse_patch::<CustomerPatch>(shape).is_err());
    }

    #[test]
    fn a_problem_is_shown_at_its_field() {
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
