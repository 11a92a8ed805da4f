//! Formats values and lists for a sentence.

use serde_json::Value;

/// Joins words, such as `a or b` and `a, b, or c`.
pub fn join(words: &[String], conjunction: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first, last] => format!("{first} {conjunction} {last}"),
        [others @ .., last] => format!("{}, {conjunction} {last}", others.join(", ")),
    }
}

/// Formats words as inline code.
pub fn inline_code(words: &[String]) -> Vec<String> {
    words.iter().map(|word| format!("`{word}`")).collect()
}

/// Formats a value without quotes.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
