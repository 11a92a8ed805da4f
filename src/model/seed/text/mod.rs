//! The two notations of a seed file, JSON and YAML, and the errors in them.

mod json;
mod yaml;

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

/// The largest seed file, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Why a text is neither JSON nor YAML. Doesn't contain any of its values, which may be secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line and the column, from 1, if they are known.
    pub at: Option<(u64, u64)>,
    pub message: String,
}

impl Display for SyntaxError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Parses the text of a seed file: JSON if it starts with `{`, and YAML otherwise.
///
/// # Errors
/// If the text is malformed, too large, or gives a key twice.
pub fn parse(text: &[u8]) -> Result<Value, SyntaxError> {
    if text.len() > MAX_BYTES {
        let limit = MAX_BYTES / 1024 / 1024;
        return Err(whole_file(format!(
            "the file is larger than {limit} MiB, the limit for seed files; use JSON Lines, as \
             `pivotal-server export` writes it, for larger imports"
        )));
    }
    let text = std::str::from_utf8(text).map_err(|error| {
        let before = &text[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        whole_file(format!("the file is not UTF-8 text: see line {line}; save it as UTF-8"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') { json::parse(text) } else { yaml::parse(text) }
}

fn whole_file(message: String) -> SyntaxError {
    SyntaxError { at: None, message }
}
