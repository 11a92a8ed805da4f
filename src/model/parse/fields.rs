//! Reads the properties of a JSON object one by one and collects everything that is wrong with
//! them, so that a client learns of all its mistakes at once.

use serde::Serialize;
use serde_json::{Map, Value};

use super::declaration::{Declaration, Field};
use super::patch::Patch;
use super::problem::{Fault, Problem, Rule};
use super::schema::{Described, Schema, defaulting, nullable};

/// A value that a property of a request body can hold.
pub trait Property: Described + Sized {
    /// The JSON values that it is read from; more than it is shown as, where a value has several
    /// forms.
    fn accepted() -> Schema {
        Self::schema()
    }

    /// The faults that a client can be told about, without those of characters that no text may
    /// contain. A type that is in no body of the API declares none.
    fn faults() -> Vec<Fault> {
        Vec::new()
    }

    /// Reads the value from JSON.
    ///
    /// # Errors
    /// At least one fault; several when the value is an array.
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>>;
}

/// The string that a JSON value holds.
pub(in crate::model) fn string(value: &Value) -> Result<&str, Fault> {
    value.as_str().ok_or_else(|| Fault::wrong_type("a string"))
}

/// A body that can be parsed into a value of the model.
pub trait Body: Sized {
    /// Takes the properties that the body has and leaves what is wrong in `fields`. The value is
    /// used only when nothing was.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// A request's JSON object while its properties are being read, in the order of the contract's
/// property table.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    problems: Vec<Problem>,
    known: usize,
    /// What the parser declares, when that is all that is wanted.
    declaration: Option<Declaration>,
}

impl<'a> Fields<'a> {
    /// Parses a whole body.
    ///
    /// # Errors
    /// All problems, in the order in which the properties are read; never an empty list.
    pub fn parse<B: Body>(object: &'a Map<String, Value>) -> Result<B, Vec<Problem>> {
        Self::new(object).read().map(|(body, _)| body)
    }

    /// Parses the body of a patch; nothing when it mentions no property that can be patched.
    ///
    /// # Errors
    /// Those of [`Fields::parse`].
    pub fn parse_patch<B: Body>(object: &'a Map<String, Value>) -> Result<Option<B>, Vec<Problem>> {
        Self::new(object).read().map(|(body, known)| (known > 0).then_some(body))
    }

    fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, problems: Vec::new(), known: 0, declaration: None }
    }

    /// What the parser of a body declares. It is run with nothing to parse.
    pub fn declared<B: Body>() -> Declaration {
        let nothing = Map::new();
        let mut fields =
            Fields { declaration: Some(Declaration::default()), ..Fields::new(&nothing) };
        B::read(&mut fields);
        fields.declaration.unwrap_or_default()
    }

    fn read<B: Body>(mut self) -> Result<(B, usize), Vec<Problem>> {
        match B::read(&mut self) {
            Some(body) if self.problems.is_empty() => Ok((body, self.known)),
            _ => Err(self.problems),
        }
    }

    /// A property that has to be there.
    pub fn required<T: Property>(&mut self, name: &str) -> Option<T> {
        self.declare::<T>(name, true, T::accepted);
        if self.take(name).is_none() {
            self.problems.push(missing(name));
        }
        self.parsed(name)
    }

    /// A property that may be absent but not null.
    pub fn given<T: Property>(&mut self, name: &str) -> Option<T> {
        self.declare::<T>(name, false, T::accepted);
        self.parsed(name)
    }

    /// Takes note of the default of a property that was asked for.
    pub fn absent_means(&mut self, name: &str, default: &impl Serialize) {
        let Some(declaration) = &mut self.declaration else { return };
        for field in declaration.fields.iter_mut().filter(|field| field.name == name) {
            if let Ok(value) = serde_json::to_value(default) {
                field.schema = defaulting(field.schema.clone(), value);
            }
        }
    }

    fn parsed<T: Property>(&mut self, name: &str) -> Option<T> {
        let value = self.take(name)?;
        match T::from_json(value) {
            Ok(parsed) => Some(parsed),
            Err(faults) => {
                self.problems.extend(faults.into_iter().map(|fault| fault.of(name)));
                None
            }
        }
    }

    /// A nullable property of a patch: absent keeps it, null clears it.
    pub fn patch<T: Property>(&mut self, name: &str) -> Patch<T> {
        self.declare::<T>(name, false, || nullable(T::accepted()));
        match self.take(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            Some(_) => self.parsed(name).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// Records a problem that concerns more than one property if there is one, and declares that
    /// there can be.
    pub fn report_if(&mut self, is_wrong: bool, problem: impl FnOnce() -> Problem) {
        if let Some(declaration) = &mut self.declaration {
            declaration.problems.push(problem());
        } else if is_wrong {
            self.problems.push(problem());
        }
    }

    fn declare<T: Property>(&mut self, name: &str, required: bool, schema: fn() -> Schema) {
        if let Some(declaration) = &mut self.declaration {
            declaration.problems.extend(required.then(|| missing(name)));
            declaration.problems.extend(T::faults().into_iter().map(|fault| fault.of(name)));
            declaration.fields.push(Field { name: name.to_owned(), required, schema: schema() });
        }
    }

    fn take(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.object.get(name);
        self.known += usize::from(value.is_some());
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
