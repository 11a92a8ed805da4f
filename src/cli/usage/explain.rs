//! Says in plain words what is wrong with a command line, what was probably meant, and how the
//! command is used.

use std::error::Error;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::super::output::list_of;
use super::super::output::messages::{ErrorCode, ErrorMessage, Usage};
use crate::cli::value_parsers::did_you_mean;
use crate::model::parse::typo::nearest;
use crate::model::redact::redact;

/// `root` is built, and `args` begin with the program.
pub(super) fn explain(error: &clap::Error, root: &Command, args: &[OsString]) -> ErrorMessage {
    let (command, path) = find_command(root, args);
    let message = message(error, root, command, &path);
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    ErrorMessage {
        code: ErrorCode::Usage,
        messages: vec![redact(&message).into_owned()],
        usage: Some(Usage {
            usage: usage.lines().map(|line| line.trim().to_owned()).collect(),
            help: format!("{path} --help"),
        }),
    }
}

/// Returns the command that the arguments name, and its name with those of its parents.
fn find_command<'r>(root: &'r Command, args: &[OsString]) -> (&'r Command, String) {
    let (mut command, mut path) = (root, root.get_name().to_owned());
    let mut rest = args.iter().skip(1).map(|arg| arg.to_str().unwrap_or_default());
    while let Some(arg) = rest.next() {
        if arg == "--" {
            break;
        }
        if let Some(name) = arg.strip_prefix("--") {
            let takes_value = |arg: &Arg| arg.get_action().takes_values();
            if find_option(command, name).is_some_and(takes_value) {
                rest.next();
            }
        } else if arg == "help" {
            // It takes the names of commands, too.
            break;
        } else if let Some(found) = command.find_subcommand(arg) {
            path = format!("{path} {arg}");
            command = found;
        } else if command.has_subcommands() && !arg.starts_with('-') {
            break;
        }
    }
    (command, path)
}

fn find_option<'c>(command: &'c Command, long: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(long))
}

fn message(error: &clap::Error, root: &Command, command: &Command, path: &str) -> String {
    let arg = || text(error, ContextKind::InvalidArg).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => unknown_argument(&arg(), root, command),
        ErrorKind::InvalidSubcommand => {
            let name = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            unknown_command(&name, command, path)
        }
        ErrorKind::InvalidValue => invalid_value(error, &arg()),
        ErrorKind::ValueValidation => {
            let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
            let reason = error.source().map(ToString::to_string).unwrap_or_default();
            format!("invalid value `{value}` for {}: {reason}", quoted_name(&arg()))
        }
        ErrorKind::MissingRequiredArgument => {
            format!("missing {}", join(&list(error, ContextKind::InvalidArg), "and"))
        }
        ErrorKind::ArgumentConflict => {
            let others = list(error, ContextKind::PriorArg);
            let others: Vec<String> = others.iter().map(|arg| name_of(arg).to_owned()).collect();
            let own = quoted_name(&arg());
            match others.iter().any(|other| *other != name_of(&arg())) {
                true => format!("{own} can't be combined with {}", join(&others, "or")),
                false => format!("{own} can only be passed once"),
            }
        }
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues => {
            format!("{} takes no value", quoted_name(&arg()))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            format!("`{path}` needs a command: {}", join(&command_names(command), "or"))
        }
        ErrorKind::InvalidUtf8 => "the command line contains text that is not UTF-8".to_owned(),
        // Its first paragraph: the usage after it is printed anyway.
        _ => {
            let text = error.to_string();
            let lines: Vec<&str> =
                text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
            lines.join(" ").trim_start_matches("error: ").to_owned()
        }
    }
}

fn unknown_argument(arg: &str, root: &Command, command: &Command) -> String {
    let Some(long) = arg.strip_prefix("--") else {
        return if arg.starts_with('-') {
            format!("unknown option `{arg}`")
        } else if command.get_name() == "set-password" {
            // Without the argument, which is probably the password.
            "unexpected argument; the command reads the password from stdin".to_owned()
        } else {
            format!("unexpected argument `{arg}`")
        };
    };
    let own = command.get_arguments().filter_map(Arg::get_long);
    if let Some(meant) = nearest(long, own) {
        return format!("unknown option `{arg}`; did you mean `--{meant}`?");
    }
    let mut others = Vec::new();
    commands_with_option(root, long, "", &mut others);
    match &others[..] {
        [] => format!("unknown option `{arg}`"),
        // Many commands have it, so this list would not help.
        [_, _, _, _, ..] => format!("`{arg}` is not an option of this command"),
        _ => format!("`{arg}` is an option of {}", join(&others, "and")),
    }
}

/// Collects the commands that have an option.
fn commands_with_option(command: &Command, long: &str, path: &str, found: &mut Vec<String>) {
    for command in command.get_subcommands() {
        let path = format!("{path} {}", command.get_name());
        if find_option(command, long).is_some() {
            found.push(path.trim().to_owned());
        }
        commands_with_option(command, long, &path, found);
    }
}

fn unknown_command(name: &str, command: &Command, path: &str) -> String {
    let program = path.split(' ').next().unwrap_or_default();
    let parent = path.strip_prefix(program).unwrap_or_default().trim_start();
    let full = |name: &str| format!("{parent} {name}").trim_start().to_owned();
    let names = command_names(command);
    match nearest(name, names.iter().map(String::as_str)) {
        Some(meant) => format!("unknown command `{}`; did you mean `{}`?", full(name), full(meant)),
        None => {
            format!("unknown command `{}`; the commands are {}", full(name), join(&names, "and"))
        }
    }
}

fn command_names(command: &Command) -> Vec<String> {
    let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
    let names = visible.map(|command| command.get_name().to_owned());
    names.filter(|name| name != "help").collect()
}

/// The value of an option with a fixed list of values, or one that is missing.
fn invalid_value(error: &clap::Error, arg: &str) -> String {
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let allowed = list(error, ContextKind::ValidValue);
    if value.is_empty() {
        let example = format!("{} needs a value", quoted_name(arg));
        return match allowed.is_empty() {
            true => format!("{example}: `{}`", arg.trim_end_matches("...")),
            false => format!("{example}: {}", join(&allowed, "or")),
        };
    }
    match &allowed[..] {
        // Not a choice, and what was passed instead may be a secret.
        [only] => format!("{} must be `{only}`", quoted_name(arg)),
        _ => {
            let names: Vec<&str> = allowed.iter().map(String::as_str).collect();
            let meant = did_you_mean(&value, &names);
            let name = quoted_name(arg);
            format!("invalid value `{value}` for {name}: must be {}{meant}", join(&allowed, "or"))
        }
    }
}

/// Returns the name of an argument without its value: `--tier` of `--tier <TIER>`.
fn name_of(arg: &str) -> &str {
    arg.split([' ', '=', '[']).find(|part| !part.is_empty()).unwrap_or(arg)
}

fn quoted_name(arg: &str) -> String {
    format!("`{}`", name_of(arg))
}

/// Formats a list of names: `a`, `b`, and `c`.
fn join(names: &[String], conjunction: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    list_of(&quoted, conjunction)
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

fn list(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain_line(line: &str) -> ErrorMessage {
        let mut root = super::super::command();
        root.build();
        let args = ["pivotal-server"].into_iter().chain(line.split_whitespace());
        let args = super::super::with_default_command(args.map(OsString::from).collect(), &root);
        let parsed = root.clone().try_get_matches_from(&args);
        explain(&parsed.err().unwrap_or_else(|| panic!("{line} is valid")), &root, &args)
    }

    #[test]
    fn every_error_is_a_plain_sentence_with_a_suggestion_where_there_is_one() {
        for (line, message) in [
            ("dmeo", "unknown command `dmeo`; did you mean `demo`?"),
            ("help dmeo", "unknown command `dmeo`; did you mean `demo`?"),
            ("workspaces rename a", "missing `<--name <NAME>|--slug <SLUG>>`"),
            ("keys lst", "unknown command `keys lst`; did you mean `keys list`?"),
            ("workspaces dance", "unknown command `workspaces dance`; the commands are "),
            ("--lisen :1", "unknown option `--lisen`; did you mean `--listen`?"),
            ("keys list --workspce a", "unknown option `--workspce`; did you mean `--workspace`?"),
            ("serve --exit", "unknown option `--exit`; did you mean `--exit-with-parent`?"),
            ("keys list --ephemeral", "`--ephemeral` is an option of `serve`"),
            ("--ephemeral keys list", "`--ephemeral` is an option of `serve`"),
            ("keys list --dance", "unknown option `--dance`"),
            ("config now", "unexpected argument `now`"),
            ("serve -x", "unknown option `-x`"),
            (
                "export --workspace a --format jsnol",
                "invalid value `jsnol` for `--format`: must be `jsonl` or `csv`; did you mean \
                 `jsonl`?",
            ),
            (
                "completions tcsh",
                "invalid value `tcsh` for `<SHELL>`: must be `bash`, `elvish`, `fish`, \
                 `powershell`, or `zsh`",
            ),
            ("serve --seed", "`--seed` needs a value: `--seed <FILE>`"),
            ("config --json=yes", "`--json` takes no value"),
            ("--demo --ephemeral", "`--demo` can't be combined with `--ephemeral`"),
            ("restore a --replace --replace", "`--replace` can only be passed once"),
            ("keys create", "missing `--workspace <SLUG>` and `--name <NAME>`"),
            ("backup", "missing `<FILE>`"),
            (
                "webhooks create --workspace a --url https://example.com --secret whsec_x",
                "`--secret` must be `-`",
            ),
        ] {
            let explained = explain_line(line);
            assert_eq!(explained.messages.len(), 1);
            assert!(explained.messages[0].starts_with(message), "{line}: {explained:?}");
        }
    }

    #[test]
    fn the_usage_is_that_of_the_command() {
        for (line, usage, help) in [
            ("dance", "pivotal-server [OPTIONS] [COMMAND]", "pivotal-server --help"),
            ("--lisen x", "pivotal-server serve [OPTIONS]", "pivotal-server serve --help"),
            (
                "--config keys keys create --name create",
                "pivotal-server keys create [OPTIONS] --workspace <SLUG> --name <NAME>",
                "pivotal-server keys create --help",
            ),
            ("keys lst", "pivotal-server keys [OPTIONS] <COMMAND>", "pivotal-server keys --help"),
        ] {
            let explained = explain_line(line).usage.unwrap();
            assert_eq!(
                (explained.usage.join("\n").as_str(), explained.help.as_str()),
                (usage, help)
            );
        }
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_repeated() {
        let key = format!("config pivotal_{}", "k".repeat(46));
        for (line, message) in [
            (key.as_str(), "unexpected argument `pivotal_kkkkkkkk[redacted]`"),
            ("webhooks verify whsec_MfKQ9r8GKYqrTwjU", "unexpected argument `whsec_[redacted]`"),
            ("admin set-password hunter2", "unexpected argument; the command reads the password "),
            (
                "health --url http://a:hunter2@b",
                "invalid value `http://[redacted]@b` for `--url`: ",
            ),
        ] {
            let explained = explain_line(line);
            assert!(explained.messages[0].starts_with(message), "{explained:?}");
        }
    }
}
