//! How a command fails: one line on stderr for each fault that says what to do, and an exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;

use super::signals::StopSignal;
use super::stderr;
use crate::demo::DemoError;
use crate::model::key::secret::redact;
use crate::model::values::argon2id::HashError;
use crate::server::BindError;
use crate::settings::SettingsErrors;
use crate::store::{CopyError, OpenError, StoreError};

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Settings(#[from] SettingsErrors),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{0}")]
    Store(StoreError),
    #[error(
        "{0}, so nothing was changed; free space on the disk, or wait until nothing else holds the file, and try again"
    )]
    Unavailable(StoreError),
    #[error(transparent)]
    Demo(DemoError),
    #[error("{0}")]
    Copy(#[from] CopyError),
    #[error("{} has {}; stop the server, keep a copy of the file, and restore a backup", .path.display(), findings_above(*.findings))]
    Damaged { path: PathBuf, findings: usize },
    #[error("{} has {}; do not restore this backup: check an earlier one, and make a new one once `pivotal-server check` finds the database sound", .path.display(), findings_above(*.findings))]
    DamagedBackup { path: PathBuf, findings: usize },
    #[error("{0}")]
    Hash(#[from] HashError),
    #[error("cannot write to standard output: {0}")]
    Output(std::io::Error),
    /// The work was done, which `done` says, and what to do about what was not shown of it.
    #[error("cannot write to standard output: {source}; {done}")]
    Unprinted { source: std::io::Error, done: String },
    #[error("interrupted by {signal}: {outcome}")]
    Interrupted { signal: StopSignal, outcome: String },
    #[error("cannot handle signals: {0}")]
    Signals(std::io::Error),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("the server ended: {0}")]
    Server(std::io::Error),
    #[error("{0}")]
    Other(String),
}

fn findings_above(number: usize) -> String {
    match number {
        1 => "one fault, listed above".to_owned(),
        _ => format!("{number} faults, listed above"),
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error),
            other => Self::Store(other),
        }
    }
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        match error {
            DemoError::Store(error) => error.into(),
            other => Self::Demo(other),
        }
    }
}

impl Failure {
    /// Tells the person, and the process that started this one.
    pub fn report(&self) -> ExitCode {
        let faults = match self {
            Self::Settings(errors) => errors.iter().map(ToString::to_string).collect(),
            other => vec![other.to_string()],
        };
        for fault in faults {
            // SQLite's findings have lines of their own.
            stderr::write_line(&format!("error: {fault}").replace('\n', " "));
        }
        ExitCode::from(match self {
            Self::Interrupted { signal, .. } => signal.exit_code(),
            _ => 1,
        })
    }
}

/// Tells what is wrong with the command line, or shows the help that was asked for.
pub fn report_clap_error(error: &clap::Error) -> ExitCode {
    let help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if help {
        // Nobody is left to be told when the help cannot be printed.
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
    }
    let said = error.to_string();
    // The first paragraph says what is wrong; the usage after it stands in the help as well.
    let what: Vec<&str> =
        said.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    stderr::write_line(&format!("{}; see `pivotal-server --help`", redact(&what.join(" "))));
    ExitCode::from(2)
}
