//! JSON. A key that occurs twice is an error: `serde_json` alone would keep the last one.

use serde_json::Value;
use serde_json::error::Category;

use super::SyntaxError;
use crate::model::parse::unique_keys::check_unique_keys;

pub(super) fn parse(text: &str) -> Result<Value, SyntaxError> {
    let value = serde_json::from_str(text).map_err(|error| syntax_error(&error))?;
    check_unique_keys(text).map_err(|error| syntax_error(&error))?;
    Ok(value)
}

fn syntax_error(error: &serde_json::Error) -> SyntaxError {
    let (line, column) = (error.line() as u64, error.column() as u64);
    let message = error.to_string();
    let end = format!(" at line {line} column {column}");
    let message = message.strip_suffix(&end).unwrap_or(&message);
    let hint = "The file starts with `{`, so it is read as JSON";
    let message = match error.classify() {
        Category::Syntax => format!("{message}. {hint}"),
        Category::Eof => format!("the file ends before its JSON does ({message}). {hint}"),
        _ => message.to_owned(),
    };
    SyntaxError { at: Some((line, column)), message }
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
