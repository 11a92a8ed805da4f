//! Reads the fields of a JSON object one by one and collects all problems, so that a client sees
//! them in a single response.

use serde::Serialize;
use serde_json::{Map, Value};

use super::input_spec::{FieldSpec, InputSpec};
use super::patch::Patch;
use super::problem::{Fault, Problem, Rule};
use super::schema::{JsonSchema, Schema, nullable, with_default};

/// A value of a field in a request body.
pub trait FieldValue: JsonSchema + Sized {
    /// Returns the schema of the JSON values that are accepted. It allows more than
    /// [`JsonSchema::schema`], which describes responses, if a value can be sent in several forms.
    fn input_schema() -> Schema {
        Self::schema()
    }

    /// Returns the faults that [`FieldValue::from_json`] can report, for the OpenAPI document.
    /// Leaves out the faults for forbidden characters. Types that no API body uses return nothing.
    fn possible_faults() -> Vec<Fault> {
        Vec::new()
    }

    /// Parses a JSON value.
    ///
    /// # Errors
    /// Returns at least one fault, and possibly several for an array.
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>>;
}

/// Returns the string in a JSON value.
pub(in crate::model) fn expect_str(value: &Value) -> Result<&str, Fault> {
    value.as_str().ok_or_else(|| Fault::wrong_type("a string"))
}

/// A type that can be parsed from a request body.
pub trait Body: Sized {
    /// Reads the body's fields and records problems in `fields`. The returned value is used only if
    /// there were none.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// The JSON object of a request body while its fields are being read. They are read in the order in
/// which the API reference lists them.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    problems: Vec<Problem>,
    /// The number of lookups that found a field.
    present: usize,
    /// Set only when the parser is run to collect its declarations.
    spec: Option<InputSpec>,
}

impl<'a> Fields<'a> {
    /// Parses a body.
    ///
    /// # Errors
    /// Returns all problems, at least one, in the order in which the fields are read.
    pub fn parse<B: Body>(object: &'a Map<String, Value>) -> Result<B, Vec<Problem>> {
        Self::new(object).read().map(|(body, _)| body)
    }

    /// Parses the body of a PATCH. Returns `None` if it contains no field that can be updated.
    ///
    /// # Errors
    /// See [`Fields::parse`].
    pub fn parse_patch<B: Body>(object: &'a Map<String, Value>) -> Result<Option<B>, Vec<Problem>> {
        Self::new(object).read().map(|(body, present)| (present > 0).then_some(body))
    }

    fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, problems: Vec::new(), present: 0, spec: None }
    }

    /// Returns what the parser of a body declares, by running it on an empty object.
    pub fn spec<B: Body>() -> InputSpec {
        let empty = Map::new();
        let mut fields = Fields { spec: Some(InputSpec::default()), ..Fields::new(&empty) };
        B::read(&mut fields);
        fields.spec.unwrap_or_default()
    }

    fn read<B: Body>(mut self) -> Result<(B, usize), Vec<Problem>> {
        match B::read(&mut self) {
            Some(body) if self.problems.is_empty() => Ok((body, self.present)),
            _ => Err(self.problems),
        }
    }

    /// Reads a required field.
    pub fn required<T: FieldValue>(&mut self, name: &str) -> Option<T> {
        self.declare::<T>(name, true, T::input_schema);
        if self.take(name).is_none() {
            self.problems.push(missing(name));
        }
        self.parse_value(name)
    }

    /// Reads a field that may be absent but not null.
    pub fn optional<T: FieldValue>(&mut self, name: &str) -> Option<T> {
        self.declare::<T>(name, false, T::input_schema);
        self.parse_value(name)
    }

    /// Declares the default of a field that was declared earlier.
    pub fn declare_default(&mut self, name: &str, default: &impl Serialize) {
        let Some(spec) = &mut self.spec else { return };
        for field in spec.fields.iter_mut().filter(|field| field.name == name) {
            if let Ok(value) = serde_json::to_value(default) {
                field.schema = with_default(field.schema.clone(), value);
            }
        }
    }

    fn parse_value<T: FieldValue>(&mut self, name: &str) -> Option<T> {
        let value = self.take(name)?;
        match T::from_json(value) {
            Ok(parsed) => Some(parsed),
            Err(faults) => {
                self.problems.extend(faults.into_iter().map(|fault| fault.into_problem(name)));
                None
            }
        }
    }

    /// Reads a nullable field.
    pub fn patch<T: FieldValue>(&mut self, name: &str) -> Patch<T> {
        self.declare::<T>(name, false, || nullable(T::input_schema()));
        match self.take(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            Some(_) => self.parse_value(name).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// Returns whether a problem was found so far. Checks that involve several fields may make no
    /// sense then.
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Records a problem that involves several fields if `is_wrong`, and declares that it can
    /// occur.
    pub fn reject_if(&mut self, is_wrong: bool, problem: impl FnOnce() -> Problem) {
        if let Some(spec) = &mut self.spec {
            spec.problems.push(problem());
        } else if is_wrong {
            self.problems.push(problem());
        }
    }

    fn declare<T: FieldValue>(&mut self, name: &str, required: bool, schema: fn() -> Schema) {
        if let Some(spec) = &mut self.spec {
            spec.problems.extend(required.then(|| missing(name)));
            spec.problems
                .extend(T::possible_faults().into_iter().map(|fault| fault.into_problem(name)));
            spec.fields.push(FieldSpec { name: name.to_owned(), required, schema: schema() });
        }
    }

    fn take(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.object.get(name);
        self.present += usize::from(value.is_some());
        value
    }
}

fn missing(name: &str) -> Problem {
    Problem {
        rule: Rule::MissingField,
        message: format!("{name} is required"),
        field: name.to_owned(),
    }
}
