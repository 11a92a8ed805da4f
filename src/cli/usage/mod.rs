//! Parses the command line, and explains what is wrong with it.

mod default_command;
mod examples;
mod explain;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use self::default_command::with_default_command;
use self::examples::with_examples;
use self::explain::explain;
use super::args::Args;
use super::output::messages;

/// Returns the definition of the command line. The help, the reference, the man pages, and the
/// completions are all made from it.
pub fn command() -> clap::Command {
    with_examples(Args::command())
}

/// Parses arguments, of which the first is the program. The error is the exit code, after the help
/// or what is wrong was printed.
pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Args, ExitCode> {
    let mut root = command();
    // Passes the global options on to the commands.
    root.build();
    let args = with_default_command(args.collect(), &root);
    if args.iter().any(|arg| arg == "--json") {
        messages::use_json();
    }
    let parsed = root.clone().try_get_matches_from(&args);
    parsed.and_then(|matches| Args::from_arg_matches(&matches)).map_err(|error| {
        if let Some(help) = help_exit_code(&error) {
            // An error here can't be reported anywhere.
            let _ = error.print();
            return help;
        }
        messages::error(&explain(&error, &root, &args));
        ExitCode::from(2)
    })
}

/// Returns the exit code if the "error" is help that was requested, or that says which commands
/// there are.
fn help_exit_code(error: &clap::Error) -> Option<ExitCode> {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Some(ExitCode::SUCCESS),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !messages::are_json() => {
            Some(ExitCode::from(2))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::command;
    use crate::settings::LoadedSettings;

    /// Returns the help of every option with this name.
    fn helps(command: &Command, long: &str, found: &mut Vec<String>) {
        let options = command.get_arguments().filter(|arg| arg.get_long() == Some(long));
        let help = |arg: &Arg| arg.get_long_help().or(arg.get_help()).unwrap().to_string();
        found.extend(options.map(help));
        command.get_subcommands().for_each(|command| helps(command, long, found));
    }

    #[test]
    fn every_option_with_a_setting_names_the_setting_its_variable_and_its_default() {
        let mut named = Vec::new();
        for setting in LoadedSettings::default().list() {
            let long = setting.name.trim_end_matches(".enabled").replace(['.', '_'], "-");
            let mut found = Vec::new();
            helps(&command(), &long, &mut found);
            let variable = setting.name.replace('.', "_").to_uppercase();
            let default = setting.value.as_str().filter(|text| !text.is_empty());
            for help in found {
                let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(help.contains(&format!("[env: PIVOTAL_{variable}]")), "{help}");
                assert!(
                    help.contains(&format!("[default: the `{}` setting", setting.name)),
                    "{help}"
                );
                assert!(default.is_none_or(|default| help.contains(default)), "{help}");
                named.push(setting.name);
            }
        }
        assert_eq!(named, ["listen", "data_dir", "test_control.enabled", "test_control.token"]);
    }
}
