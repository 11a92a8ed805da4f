//! What commands say on stderr: lines of text or, with `--json`, one JSON object per line, whose
//! only field says what kind of line it is.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::stderr;

/// Set once, while the command line is parsed.
static JSON: AtomicBool = AtomicBool::new(false);

/// From now on, lines are JSON.
pub fn use_json() {
    JSON.store(true, Ordering::Relaxed);
}

pub fn are_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// What kind of error ended a command. Scripts can rely on these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, Serialize, VariantNames)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The command line is invalid.
    Usage,
    /// The settings are invalid.
    Settings,
    /// There is no such workspace, key, or endpoint.
    NotFound,
    /// The name is taken.
    AlreadyExists,
    /// The database can't be opened.
    Database,
    /// Nothing was changed, and the same command may succeed later.
    Unavailable,
    /// The change may have been made.
    OutcomeUnknown,
    /// The database or a backup is damaged.
    Damaged,
    /// A backup could not be made or restored.
    Copy,
    /// The other server could not be reached, or refused something.
    Remote,
    /// The server can't listen on its address.
    Listen,
    /// The change was made, but stdout could not be written.
    Unprinted,
    /// Stdout could not be written.
    Output,
    /// A signal ended the command.
    Interrupted,
    /// Everything else.
    Failed,
}

/// Why a command failed.
#[derive(Debug)]
pub struct ErrorMessage {
    pub code: ErrorCode,
    /// There is at least one.
    pub messages: Vec<String>,
    /// Only for errors of the command line.
    pub usage: Option<Usage>,
}

/// How a command is used.
#[derive(Debug)]
pub struct Usage {
    pub usage: Vec<String>,
    /// The command line that prints the help.
    pub help: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'m> {
    Error(ErrorJson<'m>),
    Problem(MessageJson<'m>),
    Warning(MessageJson<'m>),
    Note(MessageJson<'m>),
}

#[derive(Serialize)]
struct ErrorJson<'m> {
    code: ErrorCode,
    message: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'m str>,
    /// All errors, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<MessageJson<'m>>,
}

#[derive(Serialize)]
struct MessageJson<'m> {
    message: &'m str,
}

/// Says why the command failed.
pub fn error(error: &ErrorMessage) {
    let json = are_json();
    for line in if json { vec![error.to_json()] } else { error.to_lines() } {
        stderr::write_line(&line);
    }
}

/// Says what may be wrong.
pub fn warning(message: &str) {
    stderr::write_line(&format_warning(message));
}

/// Says what was done, or what to do next.
pub fn note(message: &str) {
    stderr::write_line(&format_note(message));
}

/// Says what is wrong in the input.
pub fn problem(message: &str) {
    stderr::write_line(&format_problem(message));
}

/// Formats a fault in the input, or an object that was refused. The command goes on.
pub fn format_problem(message: &str) -> String {
    if are_json() { to_json(&Line::Problem(MessageJson { message })) } else { message.to_owned() }
}

pub fn format_warning(message: &str) -> String {
    if are_json() {
        to_json(&Line::Warning(MessageJson { message }))
    } else {
        format!("warning: {message}")
    }
}

pub fn format_note(message: &str) -> String {
    if are_json() { to_json(&Line::Note(MessageJson { message })) } else { message.to_owned() }
}

fn to_json(line: &Line<'_>) -> String {
    // Can't fail: the fields are strings.
    serde_json::to_string(line).unwrap_or_default()
}

impl ErrorMessage {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, messages: vec![message.into()], usage: None }
    }

    fn to_json(&self) -> String {
        let Self { code, messages, usage } = self;
        let all = messages.iter().map(|message| MessageJson { message });
        to_json(&Line::Error(ErrorJson {
            code: *code,
            message: messages.first().map_or("", String::as_str),
            usage: usage.as_ref().map(|usage| usage.usage.join("\n")),
            help: usage.as_ref().map(|usage| usage.help.as_str()),
            errors: if messages.len() > 1 { all.collect() } else { Vec::new() },
        }))
    }

    fn to_lines(&self) -> Vec<String> {
        // SQLite's messages can contain line breaks.
        let errors = self.messages.iter().map(|text| format!("error: {text}").replace('\n', " "));
        let mut lines: Vec<String> = errors.collect();
        if let Some(Usage { usage, help }) = &self.usage {
            for (number, line) in usage.iter().enumerate() {
                let label = if number == 0 { "Usage:" } else { "      " };
                lines.push(format!("{label} {line}"));
            }
            lines.push(format!("For help, run `{help}`."));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_json_object_with_a_code() {
        let one = ErrorMessage::new(ErrorCode::NotFound, "no\nsuch \"key\"");
        let json = r#"{"error":{"code":"not_found","message":"no\nsuch \"key\""}}"#;
        assert_eq!(one.to_json(), json);
        assert_eq!(one.to_lines(), ["error: no such \"key\""]);
        let two = ErrorMessage {
            code: ErrorCode::Settings,
            messages: vec!["a".to_owned(), "b".to_owned()],
            usage: None,
        };
        let json = r#"{"error":{"code":"settings","message":"a","errors":[{"message":"a"},{"message":"b"}]}}"#;
        assert_eq!(two.to_json(), json);
        assert_eq!(two.to_lines(), ["error: a", "error: b"]);
    }

    #[test]
    fn an_error_of_the_command_line_has_the_usage() {
        let usage = Usage { usage: vec!["x A".to_owned(), "x B".to_owned()], help: "x -h".into() };
        let error = ErrorMessage {
            code: ErrorCode::Usage,
            messages: vec!["missing A".to_owned()],
            usage: Some(usage),
        };
        let lines = ["error: missing A", "Usage: x A", "       x B", "For help, run `x -h`."];
        assert_eq!(error.to_lines(), lines);
        let json =
            r#"{"error":{"code":"usage","message":"missing A","usage":"x A\nx B","help":"x -h"}}"#;
        assert_eq!(error.to_json(), json);
    }
}
