//! Reads query parameters and collects all problems, as `fields` does for bodies.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Array;

use super::input_spec::{FieldSpec, InputSpec};
use super::problem::{Fault, Problem, Rule};
use super::schema::{JsonSchema, Schema};
use super::string_enum::parse_enum;
use crate::model::values::invisible::is_blank_text;

/// The decoded query parameters of a request, in the order in which they were sent.
pub struct Params {
    pairs: Vec<(String, String)>,
    problems: Vec<Problem>,
    /// Set only when the parser is run to collect its declarations.
    spec: Option<InputSpec>,
}

/// A type that can be parsed from query parameters.
pub trait Query: Sized {
    /// Reads the parameters and records problems in `params`.
    fn read(params: &mut Params) -> Self;
}

/// No parameters.
impl Query for () {
    fn read(_: &mut Params) {}
}

impl<A: Query, B: Query> Query for (A, B) {
    fn read(params: &mut Params) -> Self {
        (A::read(params), B::read(params))
    }
}

impl Params {
    /// Parses decoded `name=value` pairs.
    ///
    /// # Errors
    /// Returns all problems, at least one.
    pub fn parse<Q: Query>(pairs: Vec<(String, String)>) -> Result<Q, Vec<Problem>> {
        let mut params = Self { pairs, problems: Vec::new(), spec: None };
        let query = Q::read(&mut params);
        if params.problems.is_empty() { Ok(query) } else { Err(params.problems) }
    }

    /// Returns what the parser of a query declares, by running it without parameters.
    pub fn spec<Q: Query>() -> InputSpec {
        let spec = Some(InputSpec::default());
        let mut params = Self { pairs: Vec::new(), problems: Vec::new(), spec };
        Q::read(&mut params);
        params.spec.unwrap_or_default()
    }

    /// Reads a parameter without parsing it.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.text_with_schema(name, String::schema)
    }

    /// Reads a parameter that the caller validates, and declares it with `schema`.
    pub fn text_with_schema(&mut self, name: &str, schema: fn() -> Schema) -> Option<String> {
        if let Some(spec) = &mut self.spec {
            let (name, schema) = (name.to_owned(), schema());
            spec.fields.push(FieldSpec { name, required: false, schema });
        }
        self.single_value(name)
    }

    /// Returns the value of a parameter. Repeating a parameter is a problem, because either value
    /// could be meant.
    fn single_value(&mut self, name: &str) -> Option<String> {
        let mut values = self.pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
        let value = values.next().cloned();
        if values.next().is_some() {
            let fault = Fault::new(Rule::InvalidType, "must be sent only once");
            self.problems.push(fault.into_problem(name));
            return None;
        }
        value
    }

    /// Reads a parameter and parses it with `parse`, which can report one of `faults`.
    pub fn parse_with<T>(
        &mut self,
        name: &str,
        schema: fn() -> Schema,
        faults: fn() -> Vec<Fault>,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        if let Some(spec) = &mut self.spec {
            spec.problems.extend(faults().into_iter().map(|fault| fault.into_problem(name)));
        }
        let text = self.text_with_schema(name, schema)?;
        self.ok_or_record(name, parse(&text))
    }

    /// Reads a parameter that can be repeated. Reports the first value that `parse` rejects.
    pub fn repeated<T>(
        &mut self,
        name: &str,
        schema: fn() -> Schema,
        faults: fn() -> Vec<Fault>,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Vec<T> {
        if let Some(spec) = &mut self.spec {
            spec.problems.extend(faults().into_iter().map(|fault| fault.into_problem(name)));
            let (name, schema) = (name.to_owned(), Array::new(schema()).into());
            spec.fields.push(FieldSpec { name, required: false, schema: RefOr::T(schema) });
        }
        let sent = self.pairs.iter().filter(|(sent, _)| sent == name);
        let parsed = sent.map(|(_, value)| parse(value)).collect();
        self.ok_or_record(name, parsed).unwrap_or_default()
    }

    /// Reads a parameter of a form and parses it with `parse`. A blank value counts as absent,
    /// because a form submits every field.
    pub fn parse_non_blank<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.single_value(name).filter(|text| !is_blank_text(text))?;
        self.ok_or_record(name, parse(&text))
    }

    fn ok_or_record<T>(&mut self, name: &str, parsed: Result<T, Fault>) -> Option<T> {
        parsed.map_err(|fault| self.problems.push(fault.into_problem(name))).ok()
    }

    /// Reads a parameter whose value is the name of an enum's variant.
    pub fn enum_value<E>(&mut self, name: &str) -> Option<E>
    where
        E: JsonSchema + std::str::FromStr + strum::VariantNames,
    {
        self.parse_with(name, E::schema, || vec![Fault::unknown_variant::<E>()], parse_enum)
    }

    /// Records a problem if `is_wrong`, and declares that it can occur. For problems that involve
    /// several parameters or have a message of their own.
    pub fn reject_if(&mut self, is_wrong: bool, problem: impl FnOnce() -> Problem) {
        if let Some(spec) = &mut self.spec {
            spec.problems.push(problem());
        } else if is_wrong {
            self.problems.push(problem());
        }
    }
}
