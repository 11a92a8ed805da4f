//! A command in the settings: a program with its arguments, or a line for the shell.

use toml::Value;

/// A command that the server runs. Displayed in settings as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// The program and its arguments, without a shell.
    Program { program: String, arguments: Vec<String> },
    /// Run by `sh -c`.
    Shell(String),
}

impl CommandLine {
    /// Parses a list of strings as a program with its arguments, and a string as a line for the
    /// shell, unless it is written like a list, as in an environment variable. Returns `None` for
    /// anything else, and for commands that no system can run.
    pub fn parse(value: &Value) -> Option<Self> {
        let is_valid = |text: &str| !text.trim().is_empty() && !text.contains('\0');
        match value {
            Value::String(text) if is_list(text) => {
                Self::parse(&text.trim().parse().ok().filter(Value::is_array)?)
            }
            Value::String(line) => is_valid(line).then(|| Self::Shell(line.clone())),
            Value::Array(items) => {
                let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
                let (program, arguments) = items.as_deref()?.split_first()?;
                let is_runnable =
                    is_valid(program) && arguments.iter().all(|argument| !argument.contains('\0'));
                is_runnable.then(|| Self::Program {
                    program: (*program).to_owned(),
                    arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
                })
            }
            _ => None,
        }
    }

    /// Returns the command as it would be written in the file.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Program { program, arguments } => {
                std::iter::once(program).chain(arguments).cloned().collect::<Vec<_>>().into()
            }
            Self::Shell(line) => line.as_str().into(),
        }
    }
}

/// Whether a text begins like a list of strings. `[ -e FILE ]` is a command for the shell.
fn is_list(text: &str) -> bool {
    let inner = text.trim_start().strip_prefix('[').map(str::trim_start);
    inner.is_some_and(|inner| inner.starts_with(['"', '\'', ']']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn program(words: &[&str]) -> Option<CommandLine> {
        let (program, arguments) = words.split_first().unwrap();
        let arguments = arguments.iter().map(|&word| word.to_owned()).collect();
        Some(CommandLine::Program { program: (*program).to_owned(), arguments })
    }

    fn shell(line: &str) -> Option<CommandLine> {
        Some(CommandLine::Shell(line.to_owned()))
    }

    #[test]
    fn a_list_is_a_program_and_a_string_is_for_the_shell() {
        let list = Value::from(vec!["cp", "a b", ""]);
        assert_eq!(CommandLine::parse(&list), program(&["cp", "a b", ""]));
        for line in ["cp a b", "[ -e /mnt ] && cp a b", "cp a, b"] {
            assert_eq!(CommandLine::parse(&line.into()), shell(line));
        }
        // As in an environment variable.
        assert_eq!(CommandLine::parse(&" [\"cp\", 'a b']".into()), program(&["cp", "a b"]));
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        for text in ["", "  ", "a\0b", "[]", "[\"\"]", "[\"a\", 1]", "[\"a\"", "[\"a\\u0000\"]"] {
            assert_eq!(CommandLine::parse(&text.into()), None, "{text:?}");
        }
        assert_eq!(CommandLine::parse(&Value::Integer(1)), None);
        assert_eq!(CommandLine::parse(&Value::Array(Vec::new())), None);
    }

    proptest! {
        #[test]
        fn a_command_is_written_as_it_is_parsed(words in prop::collection::vec("[^\0]{1,12}", 1..4)) {
            for value in [Value::from(words.clone()), Value::from(words.join(" "))] {
                if let Some(command) = CommandLine::parse(&value) {
                    prop_assert_eq!(CommandLine::parse(&command.to_value()), Some(command));
                }
            }
        }
    }
}
