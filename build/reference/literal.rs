//! JSON values as they are written in the languages of the samples. For `samples`.

use serde_json::{Map, Value};

/// How many characters a value may have to stand on one line within another one.
const LINE: usize = 60;

/// How a language writes values.
pub struct Language {
    /// True, false and nothing.
    words: [&'static str; 3],
    /// Whether the names of properties need no quotes.
    has_bare_names: bool,
    /// What stands after the last one of several lines.
    last: &'static str,
    /// How far a line stands within another one.
    step: usize,
}

/// JSON itself, which the `json!` of Rust reads too.
pub const JSON: Language =
    Language { words: ["true", "false", "null"], has_bare_names: false, last: "", step: 2 };
pub const TYPESCRIPT: Language = Language { has_bare_names: true, last: ",", ..JSON };
pub const PYTHON: Language =
    Language { words: ["True", "False", "None"], last: ",", step: 4, ..JSON };
pub const RUST: Language = Language { step: 4, ..JSON };

impl Language {
    /// Writes a value whose first line stands at an indentation. An object takes a line for each of
    /// its properties.
    pub fn write(&self, value: &Value, indent: usize) -> String {
        match value {
            Value::Object(properties) if !properties.is_empty() => {
                let inner = indent + self.step;
                let lines = properties.iter().map(|(name, value)| {
                    let short = self.line(value);
                    let value = if short.len() > LINE { self.write(value, inner) } else { short };
                    format!("{}{}: {value}", " ".repeat(inner), self.name(name))
                });
                self.lines(["{", "}"], lines.collect(), indent)
            }
            Value::Array(values) if self.line(value).len() > LINE => {
                let inner = indent + self.step;
                let line = |value| format!("{}{}", " ".repeat(inner), self.write(value, inner));
                self.lines(["[", "]"], values.iter().map(line).collect(), indent)
            }
            other => self.line(other),
        }
    }

    fn lines(&self, [open, close]: [&str; 2], lines: Vec<String>, indent: usize) -> String {
        let (last, indent) = (self.last, " ".repeat(indent));
        format!("{open}\n{}{last}\n{indent}{close}", lines.join(",\n"))
    }

    /// A value on one line.
    fn line(&self, value: &Value) -> String {
        let [yes, no, null] = self.words;
        match value {
            Value::Null => null.to_owned(),
            Value::Bool(true) => yes.to_owned(),
            Value::Bool(false) => no.to_owned(),
            Value::Array(values) => {
                let values: Vec<String> = values.iter().map(|value| self.line(value)).collect();
                format!("[{}]", values.join(", "))
            }
            Value::Object(properties) => self.object_line(properties),
            // Their escapes mean the same in all of the languages.
            Value::String(_) | Value::Number(_) => value.to_string(),
        }
    }

    fn object_line(&self, properties: &Map<String, Value>) -> String {
        if properties.is_empty() {
            return "{}".to_owned();
        }
        let properties = properties
            .iter()
            .map(|(name, value)| format!("{}: {}", self.name(name), self.line(value)));
        let properties = properties.collect::<Vec<_>>().join(", ");
        if self.has_bare_names {
            format!("{{ {properties} }}")
        } else {
            format!("{{{properties}}}")
        }
    }

    /// The name of a property.
    fn name(&self, name: &str) -> String {
        let is_bare = name.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '_');
        if self.has_bare_names && is_bare { name.to_owned() } else { Value::from(name).to_string() }
    }
}
