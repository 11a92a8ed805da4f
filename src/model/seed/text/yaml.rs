//! YAML 1.2, converted to JSON.
//!
//! Unquoted text is a boolean, null, or a number only where YAML 1.2 says so: `no` and `on` are
//! text, and so are dates and numbers with leading zeros. Aliases are allowed, but can't blow up
//! the file: what they expand to counts towards limits.

use std::cell::Cell;
use std::fmt::{self, Formatter};

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, UserMessageFormatter};

use super::SyntaxError;
use crate::model::parse::unique_keys::repeated;
use crate::model::values::number::MAX_SAFE;

/// How many values there can be, counting those that aliases repeat.
const MAX_VALUES: usize = 500_000;
/// How many bytes of text there can be, counting what aliases repeat.
const MAX_TEXT: usize = 64 * 1024 * 1024;
const MAX_DEPTH: usize = 64;

pub(super) fn parse(text: &str) -> Result<Value, SyntaxError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: MAX_DEPTH,
            max_nodes: MAX_VALUES,
            max_events: 4 * MAX_VALUES,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 4 * MAX_VALUES,
        },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // A snippet would show values, which may be secrets.
        with_snippet: false,
    };
    let limits = Limits { values: Cell::new(MAX_VALUES), text: Cell::new(MAX_TEXT) };
    let read = |deserializer: serde_saphyr::Deserializer<'_, '_>| {
        Untyped(&limits).deserialize(deserializer)
    };
    serde_saphyr::with_deserializer_from_str_with_options(text, options, read)
        .map_err(|error| syntax_error(&error))
}

fn syntax_error(error: &Error) -> SyntaxError {
    let at = error.location().map(|at| (at.line(), at.column())).filter(|(line, _)| *line > 0);
    SyntaxError { at, message: message(error) }
}

/// Says what is wrong without the crate's advice for developers.
fn message(error: &Error) -> String {
    match error {
        Error::AliasError { error, .. } => message(error),
        Error::DuplicateMappingKey { key: Some(key), .. } => repeated(key),
        Error::MultipleDocuments { .. }
        | Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            "a seed file is a single YAML document; remove the `---` line".to_owned()
        }
        Error::NonFiniteFloat { .. } => {
            "JSON has no such number; put it in quotes if it is meant as text".to_owned()
        }
        Error::NullIntoString { .. } => "a key must not be empty or null".to_owned(),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "an alias refers to a value that contains the alias itself".to_owned()
        }
        Error::UnknownAnchor { .. } => "an alias refers to an anchor that doesn't exist".to_owned(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => too_much(),
        other => {
            let text = UserMessageFormatter;
            serde_saphyr::MessageFormatter::format_message(&text, other).into_owned()
        }
    }
}

fn too_much() -> String {
    format!(
        "the file contains too much: at most {MAX_VALUES} values, {} MiB of text, and {MAX_DEPTH} \
         levels are allowed, counting what aliases repeat",
        MAX_TEXT / 1024 / 1024
    )
}

/// What may still be read.
struct Limits {
    values: Cell<usize>,
    text: Cell<usize>,
}

impl Limits {
    fn spend<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.values.get().checked_sub(1).zip(self.text.get().checked_sub(bytes));
        let (values, text) = left.ok_or_else(|| E::custom(too_much()))?;
        self.values.set(values);
        self.text.set(text);
        Ok(())
    }
}

/// Reads any value as JSON.
struct Untyped<'l>(&'l Limits);

impl<'de> DeserializeSeed<'de> for Untyped<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Untyped<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            self.0.spend(key.len())?;
            let value = map.next_value_seed(Untyped(self.0))?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Untyped(self.0))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(value.into())
    }

    /// Refuses large numbers, because a float keeps only their first digits.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.0.spend(0)?;
        let exact = (value.abs() <= MAX_SAFE as f64).then(|| Number::from_f64(value)).flatten();
        exact.map(Value::Number).ok_or_else(|| {
            E::custom("the number is too large to keep its digits; put it in quotes")
        })
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.0.spend(text.len())?;
        Ok(text.into())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.0.spend(0)?;
        Ok(Value::Null)
    }
}
