//! Formats JSON values as literals in the languages of the code samples.

use serde_json::{Map, Value};

/// The maximum length of a value on one line.
const MAX_LINE: usize = 60;

/// The syntax of a language's literals.
pub struct Language {
    /// True, false, and null.
    keywords: [&'static str; 3],
    allows_unquoted_keys: bool,
    /// The separator after the last item.
    trailing_separator: &'static str,
    indent_width: usize,
}

/// JSON itself, which is also the syntax of `json!` in Rust.
pub const JSON: Language = Language {
    keywords: ["true", "false", "null"],
    allows_unquoted_keys: false,
    trailing_separator: "",
    indent_width: 2,
};
pub const TYPESCRIPT: Language =
    Language { allows_unquoted_keys: true, trailing_separator: ",", ..JSON };
pub const PYTHON: Language = Language {
    keywords: ["True", "False", "None"],
    trailing_separator: ",",
    indent_width: 4,
    ..JSON
};
pub const RUST: Language = Language { indent_width: 4, ..JSON };

impl Language {
    /// Formats a value. Lines after the first are indented by at least `indent`. Every field of an
    /// object gets its own line.
    pub fn write(&self, value: &Value, indent: usize) -> String {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let inner = indent + self.indent_width;
                let lines = fields.iter().map(|(name, value)| {
                    let short = self.line(value);
                    let value =
                        if short.len() > MAX_LINE { self.write(value, inner) } else { short };
                    format!("{}{}: {value}", " ".repeat(inner), self.key(name))
                });
                self.wrap(["{", "}"], lines.collect(), indent)
            }
            Value::Array(values) if self.line(value).len() > MAX_LINE => {
                let inner = indent + self.indent_width;
                let line = |value| format!("{}{}", " ".repeat(inner), self.write(value, inner));
                self.wrap(["[", "]"], values.iter().map(line).collect(), indent)
            }
            other => self.line(other),
        }
    }

    fn wrap(&self, [open, close]: [&str; 2], lines: Vec<String>, indent: usize) -> String {
        let (last, indent) = (self.trailing_separator, " ".repeat(indent));
        format!("{open}\n{}{last}\n{indent}{close}", lines.join(",\n"))
    }

    /// Formats a value on one line.
    fn line(&self, value: &Value) -> String {
        let [yes, no, null] = self.keywords;
        match value {
            Value::Null => null.to_owned(),
            Value::Bool(true) => yes.to_owned(),
            Value::Bool(false) => no.to_owned(),
            Value::Array(values) => {
                let values: Vec<String> = values.iter().map(|value| self.line(value)).collect();
                format!("[{}]", values.join(", "))
            }
            Value::Object(fields) => self.object_line(fields),
            // JSON's escapes are valid in all of the languages.
            Value::String(_) | Value::Number(_) => value.to_string(),
        }
    }

    fn object_line(&self, fields: &Map<String, Value>) -> String {
        if fields.is_empty() {
            return "{}".to_owned();
        }
        let fields =
            fields.iter().map(|(name, value)| format!("{}: {}", self.key(name), self.line(value)));
        let fields = fields.collect::<Vec<_>>().join(", ");
        if self.allows_unquoted_keys { format!("{{ {fields} }}") } else { format!("{{{fields}}}") }
    }

    /// Formats the key of a field.
    fn key(&self, name: &str) -> String {
        let is_bare = name.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '_');
        if self.allows_unquoted_keys && is_bare {
            name.to_owned()
        } else {
            Value::from(name).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keywords_and_keys_depend_on_the_language() {
        let value = json!({"name": "a \"b\"", "is-new": true, "plan": null, "mrr": 1});
        for (language, expected) in [
            (
                JSON,
                "{\n  \"name\": \"a \\\"b\\\"\",\n  \"is-new\": true,\n  \"plan\": null,\n  \"mrr\": 1\n}",
            ),
            (
                TYPESCRIPT,
                "{\n  name: \"a \\\"b\\\"\",\n  \"is-new\": true,\n  plan: null,\n  mrr: 1,\n}",
            ),
            (
                PYTHON,
                "{\n    \"name\": \"a \\\"b\\\"\",\n    \"is-new\": True,\n    \"plan\": None,\n    \"mrr\": 1,\n}",
            ),
            (
                RUST,
                "{\n    \"name\": \"a \\\"b\\\"\",\n    \"is-new\": true,\n    \"plan\": null,\n    \"mrr\": 1\n}",
            ),
        ] {
            assert_eq!(language.write(&value, 0), expected);
        }
    }

    #[test]
    fn short_values_stay_on_one_line_and_long_ones_are_wrapped() {
        let long = "x".repeat(MAX_LINE);
        let value = json!({"tags": ["eu", {"a": 1}], "none": {}, "long": {"a": [long]}});
        let written = format!(
            "{{\n  \"tags\": [\"eu\", {{\"a\": 1}}],\n  \"none\": {{}},\n  \"long\": {{\n    \
             \"a\": [\n      \"{long}\"\n    ]\n  }}\n}}"
        );
        assert_eq!(JSON.write(&value, 0), written);
        let read: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn lines_after_the_first_are_indented() {
        assert_eq!(JSON.write(&json!({"a": 1}), 4), "{\n      \"a\": 1\n    }");
    }
}
