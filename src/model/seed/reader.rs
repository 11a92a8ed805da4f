//! Reads the objects of a seed with the parsers of the API, and collects everything that is wrong.

use serde_json::{Map, Value};

use super::relative_time;
use super::shape::Shape;
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::problem::{Problem, Rule};
use crate::model::transfer::{ImportFault, Place};
use crate::model::values::time::Timestamp;

/// Reads objects, whose relative times count from `now`.
pub(super) struct Reader {
    pub now: Timestamp,
    pub faults: Vec<ImportFault>,
}

impl Reader {
    pub fn new(now: Timestamp) -> Self {
        Self { now, faults: Vec::new() }
    }

    /// Reports a fault of a field, such as `email` or `labels.2`, or of the object itself.
    pub fn report(&mut self, place: &str, field: &str, message: impl Into<String>) {
        let path = Place::Path(path(place, field));
        let field = (!field.is_empty()).then(|| field.to_owned());
        self.faults.push(ImportFault { place: path, field, message: message.into() });
    }

    /// Returns the fields of a value that must be an object.
    pub fn object<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.report(place, "", "must be an object");
        }
        object
    }

    /// Returns the items of a list with their places. An absent list is empty.
    pub fn list<'v>(
        &mut self,
        object: &'v Map<String, Value>,
        place: &str,
        name: &'static str,
    ) -> Vec<(String, &'v Value)> {
        let prefix = path(place, name);
        match object.get(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                let place = |(index, item)| (format!("{prefix}[{index}]"), item);
                items.iter().enumerate().map(place).collect()
            }
            Some(_) => {
                self.report(place, name, format!("{name} must be a list"));
                Vec::new()
            }
        }
    }

    /// Parses the fields of an object, and reports the ones that it doesn't have.
    pub fn parse<B: Body>(
        &mut self,
        object: &Map<String, Value>,
        place: &str,
        shape: &Shape,
    ) -> Option<B> {
        self.parse_with_times(object, place, shape).map(|(parsed, _)| parsed)
    }

    /// Like `parse`, but also returns the names of the fields whose times are relative.
    pub fn parse_with_times<B: Body>(
        &mut self,
        object: &Map<String, Value>,
        place: &str,
        shape: &Shape,
    ) -> Option<(B, Vec<String>)> {
        let before = self.faults.len();
        for (name, value) in object {
            if !shape.has(name) {
                self.report(place, name, shape.explain_unknown(name));
            } else if name == "object" && value != shape.noun {
                self.report(place, name, format!("object must be {} here", shape.noun));
            }
        }
        let mut object = object.clone();
        let relative = self.resolve_times(&mut object, place, shape);
        let parsed = Fields::parse(&object);
        let parsed = parsed.map_err(|problems: Vec<Problem>| {
            for problem in problems {
                let message = with_hint(&object, &problem);
                self.report(place, &problem.field, message);
            }
        });
        parsed.ok().filter(|_| self.faults.len() == before).map(|parsed| (parsed, relative))
    }

    /// Replaces the relative times of an object, and returns the names of their fields. Removes
    /// those that are malformed, which it reports.
    fn resolve_times(
        &mut self,
        object: &mut Map<String, Value>,
        place: &str,
        shape: &Shape,
    ) -> Vec<String> {
        let mut relative = Vec::new();
        for field in shape.fields.iter().filter(|field| relative_time::is_time(&field.schema)) {
            let name = field.name.as_str();
            let Some(Value::String(text)) = object.get(name) else { continue };
            if !relative_time::is_relative(text) {
                continue;
            }
            match relative_time::resolve(text, self.now) {
                Ok(time) => {
                    object.insert(name.to_owned(), time.to_string().into());
                    relative.push(name.to_owned());
                }
                Err(fault) => {
                    // Keeps the order of the others.
                    object.shift_remove(name);
                    self.report(place, name, fault.into_problem(name).message);
                }
            }
        }
        relative
    }
}

/// Returns the path of a field in the form `customers[3].contacts[0].labels[2]`.
fn path(place: &str, field: &str) -> String {
    let mut path = place.to_owned();
    for part in field.split('.').filter(|part| !part.is_empty()) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            path += &format!("[{part}]");
        } else if path.is_empty() {
            path += part;
        } else {
            path += &format!(".{part}");
        }
    }
    path
}

/// Returns the message, and what to do about the mistakes that YAML makes easy.
fn with_hint(object: &Map<String, Value>, problem: &Problem) -> String {
    let Problem { rule, message, field } = problem;
    let expects_text = *rule == Rule::InvalidType && message.ends_with("a string");
    match find(object, field) {
        Some(Value::Null) if *rule == Rule::InvalidType => {
            format!("{message}; leave {field} out if it has no value")
        }
        Some(Value::Number(_) | Value::Bool(_)) if expects_text => {
            format!("{message}; put it in quotes")
        }
        _ => message.clone(),
    }
}

/// Returns the value at a path such as `labels.2`.
fn find<'v>(object: &'v Map<String, Value>, field: &str) -> Option<&'v Value> {
    match field.split_once('.') {
        None => object.get(field),
        Some((name, index)) => object.get(name)?.get(index.parse::<usize>().ok()?),
    }
}
