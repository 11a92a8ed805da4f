//! The text search of the audit log: what a text is compared with, and how.

use serde_json::{Map, Value};

use crate::model::parse::problem::{Fault, Rule};
use crate::model::values::normalize::search_key;

/// A text to find in events, in the form in which texts are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText(String);

/// The stored texts of an event that a search reads.
#[derive(Clone, Copy, Debug)]
pub struct SearchedEvent<'e> {
    pub actor_name: &'e str,
    /// The resource after the change, as JSON.
    pub object: &'e str,
    /// The previous values of what changed, as JSON.
    pub previous: Option<&'e str>,
}

/// What identifies a resource for a person. Found in every event about it.
const IDENTITY: [&str; 3] = ["name", "email", "url"];

/// Fields of an object that say what it is, not what it contains.
const TYPE: &str = "object";

impl SearchText {
    const MAX: usize = 200;

    /// Parses a text to search for. Every character stands for itself.
    ///
    /// # Errors
    /// [`Rule::TooBig`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.chars().count() > Self::MAX {
            let requirement = format!("must be at most {} characters long", Self::MAX);
            return Err(Fault::new(Rule::TooBig, requirement));
        }
        Ok(Self(search_key(text.trim())))
    }

    /// Whether an event contains the text: in the name, email, or URL of its resource, in the name
    /// of its actor, or in a value that changed, before or after. If the resource was created or
    /// deleted, that is every value.
    pub fn is_in(&self, event: SearchedEvent<'_>) -> bool {
        self.matches(event.actor_name) || self.is_in_values(event)
    }

    fn is_in_values(&self, event: SearchedEvent<'_>) -> bool {
        // JSON can escape any character. Without escapes, the text is in a value only if it is in
        // the JSON, and most events need not be parsed.
        let may_contain = |json: &str| json.contains('\\') || self.matches(json);
        if !may_contain(event.object) && !event.previous.is_some_and(may_contain) {
            return false;
        }
        let parse = |json: &str| serde_json::from_str::<Map<String, Value>>(json);
        let Ok(object) = parse(event.object) else { return false };
        if IDENTITY.iter().filter_map(|name| object.get(*name)).any(|value| self.is_in_value(value))
        {
            return true;
        }
        match event.previous.map(parse) {
            Some(Ok(previous)) => {
                let none = Value::Null;
                previous.iter().any(|(name, before)| {
                    self.is_in_change(before, object.get(name).unwrap_or(&none))
                })
            }
            Some(Err(_)) => false,
            None => object.iter().any(|(name, value)| name != TYPE && self.is_in_value(value)),
        }
    }

    /// Compares objects, such as metadata, key by key: what is the same in both didn't change.
    fn is_in_change(&self, before: &Value, after: &Value) -> bool {
        match (before, after) {
            (Value::Object(old), Value::Object(new)) => {
                let differs = |one: &Map<_, _>, name: &String, value| one.get(name) != Some(value);
                old.iter().any(|(name, value)| differs(new, name, value) && self.is_in_value(value))
                    || new
                        .iter()
                        .any(|(name, value)| differs(old, name, value) && self.is_in_value(value))
            }
            _ => self.is_in_value(before) || self.is_in_value(after),
        }
    }

    fn is_in_value(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) => false,
            Value::Number(number) => self.matches(&number.to_string()),
            Value::String(text) => self.matches(text),
            Value::Array(items) => items.iter().any(|item| self.is_in_value(item)),
            Value::Object(fields) => fields.values().any(|field| self.is_in_value(field)),
        }
    }

    fn matches(&self, text: &str) -> bool {
        search_key(text).contains(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str, object: &str, previous: Option<&str>) -> bool {
        let event = SearchedEvent { actor_name: "CRM sync", object, previous };
        SearchText::parse(text).unwrap().is_in(event)
    }

    const UPDATED: &str = r#"{"object":"customer","name":"Müller GmbH","plan":"Growth","mrr":1200,
        "notes":"renewal in May","metadata":{"kept":"same","crm":"x-9"},"tags":["vip"]}"#;
    const BEFORE: &str = r#"{"plan":"Starter","metadata":{"kept":"same","crm":"x-1"},"tags":[]}"#;

    #[test]
    fn an_update_is_found_by_its_name_its_actor_and_what_changed() {
        for text in
            ["MÜLLER", " gmbh ", "crm SYNC", "starter", "growth", "x-1", "X-9", "vip", "Mu\u{308}l"]
        {
            assert!(finds(text, UPDATED, Some(BEFORE)), "{text}");
        }
        for text in ["renewal", "1200", "same", "plan", "metadata", "customer", "%", "_", "Muller"]
        {
            assert!(!finds(text, UPDATED, Some(BEFORE)), "{text}");
        }
    }

    #[test]
    fn what_was_created_or_deleted_is_found_by_every_value() {
        for text in ["renewal", "120", "same", "growth"] {
            assert!(finds(text, UPDATED, None), "{text}");
        }
        for text in ["customer", "plan", "notes", "true"] {
            assert!(!finds(text, UPDATED, None), "{text}");
        }
    }

    #[test]
    fn characters_stand_for_themselves_even_if_the_json_escapes_them() {
        let object = r#"{"name":"50% \"off\"_\\ \u00c4rger"}"#;
        for text in ["50%", "\"off\"", "_\\", "ÄRGER"] {
            assert!(finds(text, object, None), "{text}");
        }
        for text in ["50_", "o%f", "u00c4", "\\\""] {
            assert!(!finds(text, object, None), "{text}");
        }
    }

    #[test]
    fn a_text_has_a_maximum_length() {
        assert!(SearchText::parse(&"ä".repeat(200)).is_ok());
        assert!(SearchText::parse(&"ä".repeat(201)).is_err());
    }
}
