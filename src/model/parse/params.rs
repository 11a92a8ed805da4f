//! Reads query parameters and collects what is wrong with them, as `fields` does for bodies.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Array;

use super::choice::choice;
use super::declaration::{Declaration, Field};
use super::problem::{Fault, Problem, Rule};
use super::schema::{Described, Schema};
use crate::model::values::invisible::is_blank_text;

/// The query parameters of a request, decoded, in the order in which they came.
pub struct Params {
    pairs: Vec<(String, String)>,
    problems: Vec<Problem>,
    /// What the parser declares, when that is all that is wanted.
    declaration: Option<Declaration>,
}

/// A set of query parameters that can be parsed into a value of the model.
pub trait Query: Sized {
    /// Takes the parameters and leaves what is wrong in `params`.
    fn read(params: &mut Params) -> Self;
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
    /// All problems; never an empty list.
    pub fn parse<Q: Query>(pairs: Vec<(String, String)>) -> Result<Q, Vec<Problem>> {
        let mut params = Self { pairs, problems: Vec::new(), declaration: None };
        let query = Q::read(&mut params);
        if params.problems.is_empty() { Ok(query) } else { Err(params.problems) }
    }

    /// What the parser of a query declares. It is run with nothing to parse.
    pub fn declared<Q: Query>() -> Declaration {
        let declaration = Some(Declaration::default());
        let mut params = Self { pairs: Vec::new(), problems: Vec::new(), declaration };
        Q::read(&mut params);
        params.declaration.unwrap_or_default()
    }

    /// A parameter as it was sent.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.text_of(name, String::schema)
    }

    /// The same for one that has to be of some form, which the caller checks.
    pub fn text_of(&mut self, name: &str, schema: fn() -> Schema) -> Option<String> {
        if let Some(declaration) = &mut self.declaration {
            let (name, schema) = (name.to_owned(), schema());
            declaration.fields.push(Field { name, required: false, schema });
        }
        self.sent(name)
    }

    /// Sending a parameter twice is reported, since either could be meant.
    fn sent(&mut self, name: &str) -> Option<String> {
        let mut values = self.pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
        let value = values.next().cloned();
        if values.next().is_some() {
            let fault = Fault::new(Rule::InvalidType, "must not be given more than once");
            self.problems.push(fault.of(name));
            return None;
        }
        value
    }

    /// A parameter that `parse` understands or finds one of `faults` in.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        schema: fn() -> Schema,
        faults: fn() -> Vec<Fault>,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        if let Some(declaration) = &mut self.declaration {
            declaration.problems.extend(faults().into_iter().map(|fault| fault.of(name)));
        }
        let text = self.text_of(name, schema)?;
        self.understood(name, parse(&text))
    }

    /// A parameter that can be repeated. Reports the first value that `parse` rejects.
    pub fn repeated<T>(
        &mut self,
        name: &str,
        schema: fn() -> Schema,
        faults: fn() -> Vec<Fault>,
        parse: impl Fn(&str) -> Result<T, Fault>,
    ) -> Vec<T> {
        if let Some(declaration) = &mut self.declaration {
            declaration.problems.extend(faults().into_iter().map(|fault| fault.of(name)));
            let (name, schema) = (name.to_owned(), Array::new(schema()).into());
            declaration.fields.push(Field { name, required: false, schema: RefOr::T(schema) });
        }
        let sent = self.pairs.iter().filter(|(sent, _)| sent == name);
        let parsed = sent.map(|(_, value)| parse(value)).collect();
        self.understood(name, parsed).unwrap_or_default()
    }

    /// The same for one that a form sends, which has every field of the form: a blank one was not
    /// filled in.
    pub fn filled<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.sent(name).filter(|text| !is_blank_text(text))?;
        self.understood(name, parse(&text))
    }

    fn understood<T>(&mut self, name: &str, parsed: Result<T, Fault>) -> Option<T> {
        parsed.map_err(|fault| self.problems.push(fault.of(name))).ok()
    }

    /// A parameter that has to be one of the variants of an enum.
    pub fn choice<E>(&mut self, name: &str) -> Option<E>
    where
        E: Described + std::str::FromStr + strum::VariantNames,
    {
        self.parsed(name, E::schema, || vec![Fault::unknown_variant::<E>()], choice)
    }

    /// Records a problem if there is one, and declares that there can be: one whose message is not
    /// made from a parameter's name.
    pub fn report_if(&mut self, is_wrong: bool, problem: impl FnOnce() -> Problem) {
        if let Some(declaration) = &mut self.declaration {
            declaration.problems.push(problem());
        } else if is_wrong {
            self.problems.push(problem());
        }
    }
}
