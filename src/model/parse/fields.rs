//! Reads the properties of a JSON object one by one and collects everything that is wrong with
//! them, so that a client learns of all its mistakes at once.

use serde::Serialize;
use serde_json::{Map, Value};

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

    /// Reads the value from JSON.
    ///
    /// # Errors
    /// At least one fault; several when the value is an array.
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>>;
}

/// Reads a string that has to be one of the variants of an enum.
///
/// # Errors
/// [`Rule::InvalidType`] or [`Rule::InvalidEnumValue`].
pub fn choice<E>(value: &Value) -> Result<E, Vec<Fault>>
where
    E: std::str::FromStr + strum::VariantNames,
{
    Ok(choice_str(crate::model::values::text::string(value)?)?)
}

/// The same for a string that is already known to be one.
pub(in crate::model) fn choice_str<E>(raw: &str) -> Result<E, Fault>
where
    E: std::str::FromStr + strum::VariantNames,
{
    raw.trim().parse().map_err(|_| {
        Fault::new(Rule::InvalidEnumValue, format!("must be one of {}", E::VARIANTS.join(", ")))
    })
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
    /// What is asked for, when that is all that is wanted.
    asked: Option<Vec<Asked>>,
}

/// A property as the parser of a body asks for it.
pub struct Asked {
    /// Its name.
    pub name: String,
    /// Whether it has to be there.
    pub required: bool,
    /// What it may be.
    pub schema: Schema,
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
        Self { object, problems: Vec::new(), known: 0, asked: None }
    }

    /// The properties that a body is read from, in their order. They are told by its parser, which
    /// is given nothing to parse.
    pub fn asked<B: Body>() -> Vec<Asked> {
        let nothing = Map::new();
        let mut fields = Fields { asked: Some(Vec::new()), ..Fields::new(&nothing) };
        B::read(&mut fields);
        fields.asked.unwrap_or_default()
    }

    fn read<B: Body>(mut self) -> Result<(B, usize), Vec<Problem>> {
        match B::read(&mut self) {
            Some(body) if self.problems.is_empty() => Ok((body, self.known)),
            _ => Err(self.problems),
        }
    }

    /// A property that has to be there.
    pub fn required<T: Property>(&mut self, name: &str) -> Option<T> {
        self.ask(name, true, T::accepted);
        if self.take(name).is_none() {
            self.report(Problem {
                rule: Rule::MissingField,
                message: format!("{name} is required"),
                field: name.to_owned(),
            });
        }
        self.parsed(name)
    }

    /// A property that may be absent but not null.
    pub fn given<T: Property>(&mut self, name: &str) -> Option<T> {
        self.ask(name, false, T::accepted);
        self.parsed(name)
    }

    /// Takes note of the default of a property that was asked for.
    pub fn absent_means(&mut self, name: &str, default: &impl Serialize) {
        let Some(asked) = &mut self.asked else { return };
        for property in asked.iter_mut().filter(|property| property.name == name) {
            if let Ok(value) = serde_json::to_value(default) {
                property.schema = defaulting(property.schema.clone(), value);
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
        self.ask(name, false, || nullable(T::accepted()));
        match self.take(name) {
            None => Patch::Keep,
            Some(Value::Null) => Patch::Clear,
            Some(_) => self.parsed(name).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// Records a problem that concerns more than one property.
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn ask(&mut self, name: &str, required: bool, schema: impl FnOnce() -> Schema) {
        if let Some(asked) = &mut self.asked {
            asked.push(Asked { name: name.to_owned(), required, schema: schema() });
        }
    }

    fn take(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.object.get(name);
        self.known += usize::from(value.is_some());
        value
    }
}
