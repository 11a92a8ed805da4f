//! A log line with fields.

use std::fmt::{Display, Write};
use std::time::Duration;

use log::{Level, log};

use super::escape::{json_string, text_message, text_value};
use super::format::{RENDERED, format};
use crate::settings::LogFormat;

/// A log line: a message and fields, whose names and meanings stay the same. In a text line, fields
/// follow the message as `name=value`; in a JSON line, they are fields of the object.
pub struct Line {
    level: Level,
    format: LogFormat,
    text: String,
}

impl Line {
    pub fn new(level: Level, message: &str) -> Self {
        Self::in_format(format(), level, message)
    }

    fn in_format(format: LogFormat, level: Level, message: &str) -> Self {
        // Enough for the line of a request.
        let mut text = String::with_capacity(384);
        match format {
            LogFormat::Text => text.push_str(&text_message(message)),
            LogFormat::Json => {
                text.push_str("\"message\":");
                text.push_str(&json_string(message));
            }
        }
        Self { level, format, text }
    }

    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.start_field(name);
        match self.format {
            LogFormat::Text => self.text.push_str(&text_value(value)),
            LogFormat::Json => self.text.push_str(&json_string(value)),
        }
        self
    }

    /// Adds a field if it has a value.
    #[must_use]
    pub fn optional_text(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    #[must_use]
    pub fn number(mut self, name: &str, value: u64) -> Self {
        self.start_field(name);
        self.push(value);
        self
    }

    /// Adds a duration in milliseconds, with three decimals.
    #[must_use]
    pub fn millis(mut self, name: &str, value: Duration) -> Self {
        self.start_field(name);
        let micros = value.as_micros();
        self.push(format_args!("{}.{:03}", micros / 1000, micros % 1000));
        self
    }

    /// Adds a list, which a text line separates with commas, unless it is empty.
    #[must_use]
    pub fn optional_list(mut self, name: &str, values: &[String]) -> Self {
        if values.is_empty() {
            return self;
        }
        if self.format == LogFormat::Text {
            return self.text(name, &values.join(","));
        }
        self.start_field(name);
        let values: Vec<String> = values.iter().map(|value| json_string(value)).collect();
        self.push(format_args!("[{}]", values.join(",")));
        self
    }

    pub fn write(self) {
        log!(target: RENDERED, self.level, "{}", self.text);
    }

    fn start_field(&mut self, name: &str) {
        match self.format {
            LogFormat::Text => self.text.extend([" ", name, "="]),
            LogFormat::Json => self.text.extend([",\"", name, "\":"]),
        }
    }

    fn push(&mut self, value: impl Display) {
        // Writing to a string can't fail.
        let _ = write!(self.text, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(format: LogFormat) -> String {
        let line = Line::in_format(format, Level::Info, "a\nmessage");
        let line = line.text("path", "/a b\n").number("status", 200).optional_text("no", None);
        let line = line.millis("ms", Duration::from_micros(1_002_003));
        line.optional_list("names", &["a".to_owned(), "b\"".to_owned()]).text("last", "x").text
    }

    #[test]
    fn fields_follow_the_message_of_a_text_line() {
        let expected = r#"a message path="/a b\n" status=200 ms=1002.003 names="a,b\"" last=x"#;
        assert_eq!(line(LogFormat::Text), expected);
    }

    #[test]
    fn fields_are_in_the_object_of_a_json_line() {
        let object: serde_json::Value =
            serde_json::from_str(&format!("{{{}}}", line(LogFormat::Json))).unwrap();
        let expected = serde_json::json!({
            "message": "a\nmessage", "path": "/a b\n", "status": 200, "ms": 1002.003,
            "names": ["a", "b\""], "last": "x",
        });
        assert_eq!(object, expected);
    }
}
