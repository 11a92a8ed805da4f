//! JSON. A key that occurs twice is an error: `serde_json` alone would keep the last one.

use std::collections::HashSet;
use std::fmt::{self, Formatter};

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{SyntaxError, repeated};

pub(super) fn parse(text: &str) -> Result<Value, SyntaxError> {
    let value = serde_json::from_str(text).map_err(|error| syntax_error(&error))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    UniqueKeys.deserialize(&mut deserializer).map_err(|error| syntax_error(&error))?;
    Ok(value)
}

fn syntax_error(error: &serde_json::Error) -> SyntaxError {
    let (line, column) = (error.line() as u64, error.column() as u64);
    let message = error.to_string();
    let end = format!(" at line {line} column {column}");
    let message = message.strip_suffix(&end).unwrap_or(&message);
    let hint = "The file starts with `{`, so it is read as JSON";
    let message = if error.is_syntax() { format!("{message}. {hint}") } else { message.to_owned() };
    SyntaxError { at: Some((line, column)), message }
}

/// Reads a value and keeps nothing of it.
struct UniqueKeys;

impl<'de> DeserializeSeed<'de> for UniqueKeys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen: HashSet<String> = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(A::Error::custom(repeated(&key)));
            }
            seen.insert(key);
            map.next_value_seed(Self)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| ())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        let text = r#"{"a": 123456789012345678901234567890, "b": [1.10, {"c": null}]}"#;
        assert_eq!(parse(text).unwrap().to_string(), text.replace([' ', '\n'], ""));
    }

    #[test]
    fn a_key_that_occurs_twice_is_an_error_with_its_line() {
        let error = parse("{\n  \"a\": {\"b\": 1,\n    \"b\": 2}\n}").unwrap_err();
        assert_eq!(error.at.map(|(line, _)| line), Some(3));
        assert!(error.message.starts_with("the key `b` occurs twice"), "{error}");
        assert_eq!(parse(r#"{"a": {"b": 1}, "b": {"b": 2}}"#).unwrap()["b"], json!({"b": 2}));
    }

    #[test]
    fn a_syntax_error_has_its_line_once() {
        let error = parse("{\n  \"a\": 1,\n}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 3, column 1: trailing comma. The file starts with `{`, so it is read as JSON"
        );
    }
}
