//! The command line.

mod admin;
mod args;
mod backups;
mod config;
mod context;
mod demo;
mod generated;
mod health;
mod keys;
mod logging;
mod moving;
mod output;
mod purge;
mod serve;
mod signals;
mod transfer;
mod usage;
mod value_parsers;
mod webhooks;
mod workspaces;

use std::path::PathBuf;
use std::process::ExitCode;

use self::args::{Args, Command};
use self::context::{Context, location};
use self::output::Output;
use self::output::failure::Failure;
use crate::settings::LoadedSettings;

/// Runs the command that the arguments of this process name.
pub fn main() -> ExitCode {
    let code = match usage::parse(std::env::args_os()) {
        Ok(args) => run(args).map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS),
        Err(code) => code,
    };
    output::stderr::flush();
    code
}

pub use self::usage::command;

/// Returns `PIVOTAL_CONFIG`. Not read by clap, which rejects an empty variable.
fn config_variable() -> Option<PathBuf> {
    std::env::var_os("PIVOTAL_CONFIG").filter(|file| !file.is_empty()).map(PathBuf::from)
}

fn run(args: Args) -> Result<(), Failure> {
    signals::survive_file_size_limit().map_err(Failure::Signals)?;
    let output = Output::new(args.json);
    // Some commands need no settings, so they also work where these are invalid.
    let context = || {
        let file = args.config.or_else(config_variable);
        let mut loaded = LoadedSettings::read(file.as_deref())?;
        if let Some(dir) = args.data_dir {
            loaded.override_data_dir(dir);
        }
        let location = location(&loaded.settings);
        Ok::<_, Failure>(Context { settings: loaded, location, output })
    };
    match args.command.unwrap_or_default() {
        Command::Serve(args) => serve::run(context()?, args),
        Command::Workspaces(command) => workspaces::run(&context()?, command),
        Command::Keys(command) => keys::run(&context()?, command),
        Command::Customers(command) => purge::customers(&context()?, command),
        Command::Contacts(command) => purge::contacts(&context()?, command),
        Command::Purges(command) => purge::purges(&context()?, command),
        Command::Webhooks(command) => webhooks::run(&context()?, command),
        Command::Admin(command) => admin::run(&context()?, &command),
        Command::Backup(args) => backups::backup(&context()?, &args),
        Command::Restore(args) => backups::restore(&context()?, &args),
        Command::Check(args) => backups::check(&context()?, &args),
        Command::Move(args) => moving::run(&context()?, &args),
        Command::Demo(args) => demo::run(&context()?, &args),
        Command::Export(args) => transfer::export(&context()?, &args),
        Command::Import(args) => transfer::import(&context()?, &args),
        Command::Config => config::run(&context()?),
        Command::Health(args) => health::run(&context()?, &args),
        Command::Wait(args) => health::wait(&context()?, &args),
        Command::Openapi(args) => generated::openapi::run(output, &args),
        Command::SeedSchema(args) => generated::seed_schema::run(output, &args),
        Command::Completions(args) => generated::completions::run(output, &args, command()),
        Command::Man(args) => generated::man::run(output, &args, command()),
    }
}
