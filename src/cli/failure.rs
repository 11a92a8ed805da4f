//! Errors of commands. Each is one line on stderr that says what to do, and sets the exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;

use super::signals::StopSignal;
use super::stderr;
use crate::demo::DemoError;
use crate::model::key::secret::redact;
use crate::model::values::argon2id::HashError;
use crate::server::BindError;
use crate::settings::{ExposedTestControl, SettingsErrors};
use crate::store::{CopyError, OpenError, StoreError};
use crate::transfer::remote::error::RemoteError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Settings(#[from] SettingsErrors),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{0}")]
    Store(StoreError),
    #[error(
        "{0}; nothing was changed: free space on the disk, or wait until no other process is locking the file, and try again"
    )]
    Unavailable(StoreError),
    #[error(transparent)]
    Demo(DemoError),
    #[error(transparent)]
    Remote(RemoteError),
    #[error("{0}")]
    Copy(#[from] CopyError),
    #[error("{} has {}; stop the server, keep a copy of the file, and restore a backup", .path.display(), findings_above(*.findings))]
    Damaged { path: PathBuf, findings: usize },
    #[error("{} has {}; do not restore this backup: check an older one, and make a new one once `pivotal-server check` finds no problems in the database", .path.display(), findings_above(*.findings))]
    DamagedBackup { path: PathBuf, findings: usize },
    #[error("{0}")]
    Hash(#[from] HashError),
    #[error("can't write to stdout: {0}")]
    Output(std::io::Error),
    /// The change was made, but its result could not be printed. `done` says what was done and, for
    /// a secret that was never shown, how to replace it.
    #[error("can't write to stdout: {source}; {done}")]
    Unprinted { source: std::io::Error, done: String },
    #[error("interrupted by {signal}: {outcome}")]
    Interrupted { signal: StopSignal, outcome: String },
    #[error("can't install signal handlers: {0}")]
    Signals(std::io::Error),
    #[error(transparent)]
    Exposed(#[from] ExposedTestControl),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("the server failed: {0}")]
    Server(std::io::Error),
    #[error("{0}")]
    Other(String),
}

fn findings_above(number: usize) -> String {
    match number {
        1 => "one problem, listed above".to_owned(),
        _ => format!("{number} problems, listed above"),
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
    /// Prints the error and returns the exit code.
    pub fn report(&self) -> ExitCode {
        let messages = match self {
            Self::Settings(errors) => errors.iter().map(ToString::to_string).collect(),
            other => vec![other.to_string()],
        };
        for message in messages {
            // SQLite's messages can contain line breaks.
            stderr::write_line(&format!("error: {message}").replace('\n', " "));
        }
        ExitCode::from(match self {
            Self::Interrupted { signal, .. } => signal.exit_code(),
            _ => 1,
        })
    }
}

/// Prints what is wrong with the command line, or the help that was requested.
pub fn report_clap_error(error: &clap::Error) -> ExitCode {
    let help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if help {
        // An error here can't be reported anywhere.
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
    }
    let text = error.to_string();
    // Only the first paragraph: the usage after it is part of the help.
    let summary: Vec<&str> =
        text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    stderr::write_line(&format!(
        "{}; for help, run `pivotal-server --help`",
        redact(&summary.join(" "))
    ));
    ExitCode::from(2)
}
