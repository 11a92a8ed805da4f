//! Errors of commands. Each says what to do, has a code for scripts, and sets the exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use super::messages::{self, ErrorCode, ErrorMessage};
use crate::cli::signals::StopSignal;
use crate::demo::DemoError;
use crate::model::plain_words::io_reason;
use crate::model::values::argon2id::HashError;
use crate::server::BindError;
use crate::settings::{ExposedTestControl, SettingsErrors};
use crate::store::{CopyError, MoveError, OpenError, StoreError};
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
    #[error("{0}; check whether it was, before you run the command again")]
    OutcomeUnknown(StoreError),
    #[error(transparent)]
    Demo(DemoError),
    #[error(transparent)]
    Remote(RemoteError),
    #[error("{0}")]
    Copy(#[from] CopyError),
    #[error(transparent)]
    Move(MoveError),
    /// The command is for the files of SQLite.
    #[error("the database is on PostgreSQL, {0}")]
    OnPostgres(String),
    #[error("{} has {}; stop the server, keep a copy of the file, and restore a backup", .path.display(), findings_above(*.findings))]
    Damaged { path: PathBuf, findings: usize },
    #[error("{} has {}; do not restore this backup: check an older one, and make a new one once `pivotal-server check` finds no problems in the database", .path.display(), findings_above(*.findings))]
    DamagedBackup { path: PathBuf, findings: usize },
    #[error("{0}")]
    Hash(#[from] HashError),
    #[error("can't write to stdout: {}", io_reason(.0))]
    Output(std::io::Error),
    /// The change was made, but its result could not be printed. `done` says what was done and, for
    /// a secret that was never shown, how to replace it.
    #[error("can't write to stdout: {}; {done}", io_reason(source))]
    Unprinted { source: std::io::Error, done: String },
    #[error("interrupted by {signal}: {outcome}")]
    Interrupted { signal: StopSignal, outcome: String },
    #[error("can't install signal handlers: {}", io_reason(.0))]
    Signals(std::io::Error),
    #[error(transparent)]
    Exposed(#[from] ExposedTestControl),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("the server failed: {}", io_reason(.0))]
    Server(std::io::Error),
    /// There is no such workspace, key, endpoint, customer, or contact.
    #[error("{0}")]
    NotFound(String),
    /// A name is taken.
    #[error("{0}")]
    AlreadyExists(String),
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
            StoreError::OutcomeUnknown(_) => Self::OutcomeUnknown(error),
            other => Self::Store(other),
        }
    }
}

impl From<MoveError> for Failure {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Open(error) => error.into(),
            MoveError::Store(error) => error.into(),
            MoveError::Copy(error) => error.into(),
            other => Self::Move(other),
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
        messages::error(&ErrorMessage { code: self.code(), messages, usage: None });
        ExitCode::from(match self {
            Self::Interrupted { signal, .. } => signal.exit_code(),
            _ => 1,
        })
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Settings(_) | Self::Exposed(_) => ErrorCode::Settings,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::AlreadyExists(_) => ErrorCode::AlreadyExists,
            Self::Open(OpenError::Damaged { .. })
            | Self::Store(StoreError::Damaged(_) | StoreError::SuspectedDamage(_))
            | Self::Damaged { .. }
            | Self::DamagedBackup { .. } => ErrorCode::Damaged,
            Self::Open(_) => ErrorCode::Database,
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::OutcomeUnknown(_) => ErrorCode::OutcomeUnknown,
            Self::Copy(_) => ErrorCode::Copy,
            Self::Remote(_) => ErrorCode::Remote,
            Self::Bind(_) => ErrorCode::Listen,
            Self::Output(_) => ErrorCode::Output,
            Self::Unprinted { .. } => ErrorCode::Unprinted,
            Self::Interrupted { .. } => ErrorCode::Interrupted,
            Self::Store(_)
            | Self::Demo(_)
            | Self::Move(_)
            | Self::Hash(_)
            | Self::Signals(_)
            | Self::Server(_)
            | Self::OnPostgres(_)
            | Self::Other(_) => ErrorCode::Failed,
        }
    }
}
