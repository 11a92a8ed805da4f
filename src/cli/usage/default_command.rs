//! Options of `serve` without `serve`: `pivotal-server --listen :9000`.

use std::ffi::OsString;

use clap::{Arg, Command};

/// The command that runs if none is named.
const DEFAULT: &str = "serve";

/// An argument in front of the command.
enum Part<'a> {
    /// `--help`, `--version`, or an option of every command.
    Global { takes_next: bool },
    /// An option of `serve`, or one that doesn't exist.
    Other { takes_next: bool },
    /// The command, or something that is in its place.
    Command(&'a str),
    /// Something that can't be the name of a command.
    End,
}

/// Inserts `serve` in front of its options if no command is named.
pub(super) fn with_default_command(mut args: Vec<OsString>, root: &Command) -> Vec<OsString> {
    // Where the options of `serve` begin.
    let mut start = None;
    let mut at = 1;
    while let Some(arg) = args.get(at) {
        let takes_next = match Part::new(arg.to_str(), root) {
            Part::Global { takes_next } => takes_next,
            Part::Other { takes_next } => {
                start.get_or_insert(at);
                takes_next
            }
            Part::Command(DEFAULT) if start.is_some() => {
                args.remove(at);
                break;
            }
            // The value of a misspelled option would also be in this place.
            Part::Command(name) if start.is_none() || root.find_subcommand(name).is_some() => {
                return args;
            }
            Part::Command(_) | Part::End => break,
        };
        at += if takes_next { 2 } else { 1 };
    }
    if let Some(start) = start {
        args.insert(start, DEFAULT.into());
    }
    args
}

impl<'a> Part<'a> {
    fn new(arg: Option<&'a str>, root: &Command) -> Self {
        let Some(text) = arg.filter(|text| *text != "--") else { return Self::End };
        let Some(option) = text.strip_prefix("--") else {
            return match text {
                "-h" | "-V" => Self::Global { takes_next: false },
                _ if text.starts_with('-') && text.len() > 1 => Self::Other { takes_next: false },
                _ => Self::Command(text),
            };
        };
        let (name, has_value) = match option.split_once('=') {
            Some((name, _)) => (name, true),
            None => (option, false),
        };
        let takes_next = |arg: &Arg| arg.get_action().takes_values() && !has_value;
        if let Some(arg) = find(root, name) {
            return Self::Global { takes_next: takes_next(arg) };
        }
        let arg = root.find_subcommand(DEFAULT).and_then(|serve| find(serve, name));
        Self::Other { takes_next: arg.is_some_and(takes_next) }
    }
}

fn find<'c>(command: &'c Command, long: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(long))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the arguments that a line stands for, without the program.
    fn expand(line: &str) -> String {
        let mut root = super::super::command();
        root.build();
        let args = ["pivotal-server"].into_iter().chain(line.split_whitespace());
        let expanded = with_default_command(args.map(OsString::from).collect(), &root);
        let texts = expanded.iter().skip(1).map(|arg| arg.to_str().unwrap());
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn options_of_serve_need_no_command() {
        for (line, expanded) in [
            ("--listen :9000", "serve --listen :9000"),
            ("--listen=:9000 --json", "serve --listen=:9000 --json"),
            ("--json --data-dir d --ephemeral", "--json --data-dir d serve --ephemeral"),
            ("--seed serve", "serve --seed serve"),
            ("--ephemeral --help", "serve --ephemeral --help"),
            ("--listen :9000 serve --demo", "serve --listen :9000 --demo"),
            // Wrong, and wrong for `serve`.
            ("--lisen :9000", "serve --lisen :9000"),
            ("--ephemeral dance", "serve --ephemeral dance"),
            ("-x", "serve -x"),
            ("--listen", "serve --listen"),
            ("--demo -- x", "serve --demo -- x"),
        ] {
            assert_eq!(expand(line), expanded);
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for line in [
            "",
            "--help",
            "-V",
            "--json",
            "--config c.toml",
            "serve --listen :9000",
            "keys list",
            "--json keys list --active",
            "--data-dir keys keys list",
            "dance",
            "--json dance --listen x",
            "help serve",
            // An option of another command: the error says so.
            "--listen :9000 keys list",
            "-",
        ] {
            assert_eq!(expand(line), line);
        }
    }
}
