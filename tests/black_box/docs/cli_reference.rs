//! `docs/cli.md` is generated from the definition of the command line.

use clap::{Arg, Command};
use pivotal_server::cli;

use crate::support::assert_up_to_date;

const INTRODUCTION: &str = "\
# CLI reference

All commands of `pivotal-server`, with their arguments, defaults, and exit codes. `--help` after any
command prints the same information.

To see them in use, read [Install](operate/install.md), [Backups](operate/backup.md), and
[Admin pages](operate/admin-pages.md). [Configuration](operate/configuration.md) lists the settings.
";

#[test]
fn the_cli_reference_in_the_repository_is_up_to_date() {
    assert_up_to_date("docs/cli.md", &page(), "the_cli_reference");
}

fn page() -> String {
    let mut root = cli::command().disable_help_subcommand(true);
    root.build();
    let mut page = INTRODUCTION.to_owned();
    page += &details(&root);
    page += "\n## Global options\n\nEvery command accepts these options.\n";
    page += &options(root.get_arguments().filter(|arg| arg.is_global_set()));
    let codes = root.get_after_long_help().unwrap().to_string();
    for table in codes.split("\n\n") {
        let (title, lines) = table.split_once('\n').unwrap();
        let title = title.trim_end_matches(':').split(',').next().unwrap();
        page += &format!("\n## {title}\n\n| Code | Meaning |\n|---|---|\n");
        for line in lines.lines() {
            let (code, meaning) = line.trim().split_once(' ').unwrap();
            page += &format!("| `{code}` | {} |\n", meaning.trim());
        }
    }
    for command in root.get_subcommands() {
        page += &section(command, "");
    }
    page
}

/// The section of a command, or those of its subcommands.
fn section(command: &Command, parent: &str) -> String {
    let name = format!("{parent}{}", command.get_name());
    if command.has_subcommands() {
        let parent = format!("{name} ");
        return command.get_subcommands().map(|command| section(command, &parent)).collect();
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let mut text = format!("\n## `{name}`\n\n{}.\n", command.get_about().unwrap());
    text += &format!("\n    {usage}\n{}", details(command));
    let own: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_global_set()).collect();
    text += &options(own.into_iter());
    text + &examples(command)
}

/// The paragraphs of the long help that follow the summary.
fn details(command: &Command) -> String {
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    long.split_once("\n\n").map_or_else(String::new, |(_, details)| format!("\n{details}\n"))
}

/// The examples, indented so that they are not run.
fn examples(command: &Command) -> String {
    let text = command.get_after_long_help().unwrap().to_string();
    let lines = text.lines().skip(1).map(|line| format!("    {}\n", line.trim()));
    format!(
        "\n{}:\n\n{}",
        text.lines().next().unwrap().trim_end_matches(':'),
        lines.collect::<String>()
    )
}

/// A table of arguments, or nothing if there are none.
fn options<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let is_standard = |arg: &Arg| ["help", "version"].contains(&arg.get_id().as_str());
    let rows: String = arguments.filter(|arg| !is_standard(arg)).map(row).collect();
    if rows.is_empty() {
        return rows;
    }
    format!("\n| Argument | Description | Default |\n|---|---|---|\n{rows}")
}

fn row(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).unwrap().to_string();
    // Defaults and variables that clap doesn't know are written in the help.
    let (help, default) = without_bracket(&help, "default");
    let (help, variable) = without_bracket(&help, "env");
    let sentences: Vec<String> = help
        .split("\n\n")
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let mut description = sentences.join(". ");
    if !description.ends_with('.') {
        description.push('.');
    }
    if let Some(variable) = variable {
        description += &format!(" Environment variable: `{variable}`.");
    }
    let takes_value = arg.get_action().takes_values();
    let default = default.unwrap_or_else(|| {
        let values: Vec<String> = match takes_value {
            _ if arg.is_required_set() => return "required".to_owned(),
            true => arg.get_default_values().iter().map(|v| format!("`{}`", v.display())).collect(),
            false => Vec::new(),
        };
        values.join(", ")
    });
    let name = match arg.get_long() {
        Some(long) if takes_value => {
            format!("--{long} <{}>", arg.get_value_names().unwrap()[0])
        }
        Some(long) => format!("--{long}"),
        None => format!("<{}>", arg.get_value_names().unwrap()[0]),
    };
    format!("| `{name}` | {description} | {default} |\n")
}

/// Splits `Text [label: value]` into its text and its value.
fn without_bracket(help: &str, label: &str) -> (String, Option<String>) {
    let Some((before, rest)) = help.split_once(&format!("[{label}: ")) else {
        return (help.to_owned(), None);
    };
    let (value, after) = rest.split_once(']').unwrap();
    (format!("{}{after}", before.trim_end()), Some(value.to_owned()))
}
